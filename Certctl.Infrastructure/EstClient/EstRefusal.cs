using System.Text;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>A 4xx that ends the request (RFC 7030 §4.2.3).</summary>
/// <param name="Text">The text that came with it, made printable; null when there is none to show.</param>
public sealed record EstRefusal(int Status, string? Text, string Advice)
{
    /// <summary>The refusal; null where the answer says nothing about the request.</summary>
    internal static EstRefusal? Of(EstAnswer answer) => answer.Status is >= 400 and < 500 and not (404 or 405 or 408 or 429)
        ? new EstRefusal(answer.Status, BodyText(answer), AdviceFor(answer))
        : null;

    /// <summary>What to tell of an answer that is neither what was asked for nor a refusal.</summary>
    internal static EstClientException Unexpected(EstStage stage, string operation, EstAnswer answer)
    {
        var text = BodyText(answer) is { Length: > 0 } said ? $": \"{said.TrimEnd('.')}\"" : "";
        var message = $"{operation}: the server answered HTTP {answer.Status}{text}.";
        return answer.Status is >= 200 and < 300
            ? EstClientException.Untrusted(stage, message, "RFC 7030 has no such answer. Check that the URL is that of an EST server.")
            : new EstClientException(stage, EstFault.Network, message, UnexpectedAdvice(operation, answer));
    }

    /// <summary>
    /// Text of a stranger, fit for a terminal: a few lines become one, and control characters cannot move the cursor or fake a line.
    /// </summary>
    internal static string? BodyText(EstAnswer answer)
    {
        if (answer.Body.Length == 0)
            return null;
        if (answer.MediaType == "application/pkcs7-mime")
            return "(a CMC response, which is not shown)";

        // RFC 7030 §4.2.3: without a Content-Type it is plain text.
        if (answer.MediaType is not ("" or "text/plain" or "application/json" or "application/problem+json"))
            return $"(a body of type {ScepStageNames.Printable(answer.MediaType)}, which is not shown)";
        var lines = Encoding.UTF8.GetString(answer.Body.Span).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim()).Where(line => line.Length > 0);
        var text = ScepStageNames.Printable(string.Join(" / ", lines));
        return text.Length > 0 ? text : null;
    }

    private static string AdviceFor(EstAnswer answer) => answer.Status switch
    {
        401 when answer.HadCredentials =>
            "The server does not accept the user name or the password: check --user and --password-file or CERTCTL_EST_PASSWORD; "
                + "a one-time password may have been used already.",
        401 when answer.Schemes.Count == 0 || answer.Schemes.Contains("Basic", StringComparer.OrdinalIgnoreCase) =>
            "The server asks who you are: give --user NAME and --password-file FILE (or CERTCTL_EST_PASSWORD), or a client certificate "
                + "with --client-cert and --client-key.",
        401 => $"The server asks for HTTP authentication by {ScepStageNames.Printable(string.Join(", ", answer.Schemes))}; this client "
            + "knows Basic alone. Use a client certificate: --client-cert and --client-key.",
        403 => "The server knows who asks and does not allow it: check the client certificate, the subject and the names; the operator "
            + "of the server finds the reason in the audit log.",
        413 => "The request is too long for the server or a proxy before it: use a smaller key or fewer names.",
        _ => "The text of the server says what is wrong; the operator of the server finds more in the audit log.",
    };

    private static string UnexpectedAdvice(string operation, EstAnswer answer) => answer.Status switch
    {
        // RFC 7030 §4.3.2: 404 or 501 where an operation is not implemented.
        404 or 405 or 501 => $"The server does not offer {operation} at this URL. Check the host, the port and the CA label; serverkeygen "
            + "and csrattrs are optional.",
        401 or 403 => "The server wants to know who asks: give --user and --password-file, or --client-cert and --client-key.",
        429 or 503 => $"The server is not ready{WaitText(answer)}. Try again later; the same request gets the same certificate.",
        >= 400 and < 500 => "The text of the server says what is wrong.",
        _ => "The server's log says why. Try again later.",
    };

    private static string WaitText(EstAnswer answer) =>
        answer.RetryAfter is { } wait ? $" (it asks to wait {wait.TotalSeconds:0} seconds)" : "";
}
