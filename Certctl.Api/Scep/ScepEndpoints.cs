using Certctl.Api.Hosting.Http;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;

namespace Certctl.Api.Scep;

/// <summary>
/// SCEP over HTTP (RFC 8894 §4): profile from the path, operation from the query, octets in and out. Content types are bare: several
/// clients compare them to the letter.
/// </summary>
internal static class ScepEndpoints
{
    private const string PkiMessage = "application/x-pki-message";
    private const string OutageSeconds = "300";
    private const string PendingSeconds = "300";

    public static void MapScep(this IEndpointRouteBuilder routes)
    {
        routes.Map("/scep", HandleAsync);
        routes.Map("/scep/{**rest}", HandleAsync);

        // Compat: URLs that devices have built in and that no operator can change.
        routes.Map("/cgi-bin/pkiclient.exe/{**rest}", HandleAsync);
        routes.Map("/certsrv/mscep/mscep.dll/{**rest}", HandleAsync);
    }

    private static Task HandleAsync(HttpContext http, ScepProfileTable profiles, ScepServices services)
    {
        var path = http.Request.Path;
        var profile = path.StartsWithSegments("/scep", out var behind) ? profiles.Find(behind) : profiles.Find("");
        if (profile is null)
            return Say(http, StatusCodes.Status404NotFound, "No SCEP profile at this path.");
        return ServeAsync(http, profile, services, OriginOf(http));
    }

    public static RequestOrigin OriginOf(HttpContext http) => new(http.Connection.RemoteIpAddress?.ToString(), http.TraceIdentifier);

    public static Task ServeAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!profile.Codec.CanAnswer)
        {
            // An outage, and /ready says which; a device may simply try again.
            http.Response.Headers.RetryAfter = OutageSeconds;
            return Say(http, StatusCodes.Status503ServiceUnavailable, "This SCEP profile has no valid RA certificate.");
        }

        return http.Request.Method switch
        {
            "GET" => GetAsync(http, profile, services, origin),
            "POST" => PostAsync(http, profile, services, origin),
            _ => NotAllowed(http, "GET, HEAD, POST"),
        };
    }

    private static Task GetAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        var query = http.Request.QueryString.Value;
        switch (ScepQuery.Operation(query)?.ToUpperInvariant())
        {
            case "GETCACAPS":
                // RFC 8894 §3.5.2: one keyword a line.
                return Send(http, "text/plain", System.Text.Encoding.ASCII.GetBytes(string.Join('\n', profile.Capabilities) + "\n"));
            case "GETCACERT" or "GETCACERTCHAIN":
                var certificates = profile.Codec.CaCertificates();
                return Send(http, certificates.IsBag ? "application/x-x509-ca-ra-cert" : "application/x-x509-ca-cert", certificates.Body);
            case "PKIOPERATION" when HttpManners.IsHead(http):
                // RFC 9110 §9.2.1: HEAD is safe, and this would enrol.
                return NotAllowed(http, "GET, POST");
            case "PKIOPERATION":
                return ScepQuery.Message(query) is { } message
                    ? WorkAsync(http, services, () => AnswerAsync(http, profile, services, message, posted: false, origin))
                    : Say(http, StatusCodes.Status400BadRequest, "The message parameter is missing or is not base64.");
            case "GETNEXTCACERT":
                return profile.Codec.NextCaCertificates() is { } following
                    ? Send(http, "application/x-x509-next-ca-cert", following)
                    : Say(http, StatusCodes.Status404NotFound, "No next CA certificate is staged.");
            case null or "":
                return Say(http, StatusCodes.Status400BadRequest, "The operation parameter is missing.");
            default:
                return Say(http, StatusCodes.Status400BadRequest, "Unknown SCEP operation.");
        }
    }

    private static async Task PostAsync(HttpContext http, ScepProfile profile, ScepServices services, RequestOrigin origin)
    {
        // RFC 8894 §4.3: with POST there is but one operation; many clients leave it out.
        switch (ScepQuery.Operation(http.Request.QueryString.Value)?.ToUpperInvariant())
        {
            case null or "" or "PKIOPERATION":
                break;
            case "GETCACAPS" or "GETCACERT" or "GETCACERTCHAIN" or "GETNEXTCACERT":
                await NotAllowed(http, "GET, HEAD");
                return;
            default:
                await Say(http, StatusCodes.Status400BadRequest, "Unknown SCEP operation.");
                return;
        }

        var body = await ReadBodyAsync(http, services.MaxBodySize);
        if (body is null)
            await Say(http, StatusCodes.Status413PayloadTooLarge, "The message is too large.");
        else if (body.Length == 0)
            await Say(http, StatusCodes.Status400BadRequest, "Empty request body.");
        else
            await WorkAsync(http, services, () => AnswerAsync(http, profile, services, body, posted: true, origin));
    }

    // Only completely received requests count, so that slow senders do not block others.
    private static async Task WorkAsync(HttpContext http, ScepServices services, Func<Task> answer)
    {
        if (!services.Gate.TryEnter())
        {
            http.Response.Headers.RetryAfter = AccidentHandler.RetryAfterSeconds;
            await Say(http, StatusCodes.Status503ServiceUnavailable, "Too many requests at once.");
            return;
        }

        try
        {
            await answer();
        }
        finally
        {
            services.Gate.Leave();
        }
    }

    private static async Task AnswerAsync(
        HttpContext http, ScepProfile profile, ScepServices services, byte[] message, bool posted, RequestOrigin origin)
    {
        // Not the request's token: the attempt is recorded even when the client disconnects, and a certificate can be asked for again.
        switch (await services.Responder.AnswerAsync(profile, message, posted, origin, CancellationToken.None))
        {
            case ScepAnswer.Message(var octets):
                await Send(http, PkiMessage, octets);
                break;
            case ScepAnswer.Pending:
                http.Response.Headers.RetryAfter = PendingSeconds;
                await Say(http, StatusCodes.Status202Accepted, "The request waits for an operator; send it again, octet for octet.");
                break;
            case ScepAnswer.Unreadable(var text):
                await Say(http, StatusCodes.Status400BadRequest, text);
                break;
            case ScepAnswer.Refused(var text):
                await Say(http, StatusCodes.Status403Forbidden, text);
                break;
            default:
                throw new InvalidOperationException("An answer is one of four.");
        }
    }

    // Whatever Content-Type the client claims, the body is taken as it comes. One that is too large is read on for a while and thrown away:
    // a client that is still sending when the connection closes never sees why.
    private static async Task<byte[]?> ReadBodyAsync(HttpContext http, int maxBodySize)
    {
        // RFC 9110 §10.1.1: who asks first whether to send it is told no. What comes next on this connection could be the body or a new
        // request, so it ends.
        if (http.Request.ContentLength > maxBodySize && http.Request.Headers.Expect.Count > 0)
        {
            if (HttpProtocol.IsHttp11(http.Request.Protocol))
                http.Response.Headers.Connection = "close";
            return null;
        }

        // Grows with what has come, not with what a header promises: that costs a stranger nothing.
        using var kept = new MemoryStream((int)Math.Clamp(http.Request.ContentLength ?? 0, 0, Math.Min(maxBodySize, HttpLimits.UsualBody)));
        var buffer = new byte[8192];
        var length = 0L;
        int read;

        // To the end of what was sent, also where the client has closed its side by now: RequestAborted may fire before octets that came
        // ahead are read.
        while (length <= maxBodySize + HttpLimits.DiscardedBody
            && (read = await http.Request.ReadBodyAsync(buffer, CancellationToken.None)) > 0)
        {
            length += read;
            if (length <= maxBodySize)
                kept.Write(buffer, 0, read);
        }

        return length <= maxBodySize ? kept.ToArray() : null;
    }

    // With a Content-Length, never chunked: HTTP/1.0 clients and several embedded ones cannot read chunks.
    private static async Task Send(HttpContext http, string contentType, ReadOnlyMemory<byte> body)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private static Task NotAllowed(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return Say(http, StatusCodes.Status405MethodNotAllowed, "Method not allowed.");
    }

    public static Task Say(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        return Send(http, "text/plain", System.Text.Encoding.ASCII.GetBytes(text + "\n"));
    }
}
