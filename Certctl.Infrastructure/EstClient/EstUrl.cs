using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>Where an EST server is: https, a host, and a base path below <c>/.well-known</c> (RFC 7030 §3.2.2).</summary>
public sealed class EstUrl
{
    private const string WellKnown = "/.well-known/";
    private const string Advice = "Example: https://host:8443 or, with a CA label, https://host:8443/.well-known/est/devices";

    private static readonly string[] Operations =
        ["cacerts", "simpleenroll", "simplereenroll", "serverkeygen", "csrattrs", "fullcmc"];

    private readonly Uri _base;

    private EstUrl(Uri @base) => _base = @base;

    /// <summary>With the path, without the operation.</summary>
    public string Text => _base.ToString();

    /// <param name="text">Without a path: <c>/.well-known/est</c> is meant.</param>
    public static EstUrl Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
            throw Misuse($"\"{ScepStageNames.Printable(text)}\" is no URL.");

        // RFC 7030 §3.3: EST is spoken over TLS alone.
        if (url.Scheme != Uri.UriSchemeHttps)
            throw Misuse($"\"{ScepStageNames.Printable(text)}\" is no https URL; EST is spoken over TLS alone.");
        if (url.UserInfo.Length > 0)
            throw new EstClientException(EstStage.Prepare, EstFault.Usage, "the URL holds a user name or password.",
                "Give the name with --user, and the password with --password-file or CERTCTL_EST_PASSWORD.");
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            throw Misuse("the URL has a query or a fragment, which EST does not know.");
        var path = url.AbsolutePath.TrimEnd('/');
        if (path.Length == 0)
            path = WellKnown + "est";
        if (!path.StartsWith(WellKnown, StringComparison.Ordinal))
            throw Misuse($"the path {ScepStageNames.Printable(path)} does not begin with /.well-known/est.");

        // RFC 7030 §3.2.2: a label is never the name of an operation.
        if (Operations.Contains(path[(path.LastIndexOf('/') + 1)..]))
            throw Misuse("the URL ends in an operation, which this command appends itself.");
        return new EstUrl(new UriBuilder(url) { Path = path }.Uri);
    }

    internal Uri Of(string operation) => new UriBuilder(_base) { Path = $"{_base.AbsolutePath}/{operation}" }.Uri;

    private static EstClientException Misuse(string message) => new(EstStage.Prepare, EstFault.Usage, message, Advice);
}
