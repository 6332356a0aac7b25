using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>Whom the TLS client believes.</summary>
public abstract record TlsTrust
{
    private TlsTrust()
    {
    }

    /// <summary>The roots of this machine.</summary>
    public sealed record SystemRoots : TlsTrust;

    /// <summary>These roots and no others; the host name is checked as always.</summary>
    public sealed record Roots(X509Certificate2Collection Certificates) : TlsTrust;

    /// <summary>Accepts any server certificate: for probes, never for enrolling.</summary>
    public sealed record AcceptAny : TlsTrust;
}

/// <summary>One HTTP answer with status 200.</summary>
/// <param name="ContentType">The media type in lower case without its parameters; empty when the header is missing.</param>
/// <param name="Body">At most <see cref="ScepTransport.LongestAnswer"/> octets.</param>
public sealed record ScepAnswer(string ContentType, byte[] Body);

/// <summary>
/// SCEP's HTTP (RFC 8894 §4.1, §4.3): GET with <c>operation</c> and <c>message</c>, or POST. Redirects are not followed: a SCEP message
/// goes to the server that was named. Throws <see cref="ScepClientException"/> with <see cref="ScepClientFault.Network"/> for everything
/// that is not a 200.
/// </summary>
public sealed class ScepTransport : IDisposable
{
    public const int LongestAnswer = 1024 * 1024;

    private readonly Uri _url;
    private readonly HttpClient _http;

    public ScepTransport(Uri url, TlsTrust trust)
        : this(
            url,
            new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) },
            trust,
            new ProductInfoHeaderValue("certctl-scep", "1"))
    {
    }

    /// <param name="handler">How connections are made; it must follow no redirects.</param>
    internal ScepTransport(Uri url, SocketsHttpHandler handler, TlsTrust trust, ProductInfoHeaderValue agent)
    {
        _url = url;
        handler.SslOptions = TlsOptions(trust);
        _http = new HttpClient(handler, disposeHandler: true)
        {
            Timeout = TimeSpan.FromSeconds(30),
            MaxResponseContentBufferSize = LongestAnswer,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(agent);
    }

    public Uri Url => _url;

    public void Dispose() => _http.Dispose();

    public Task<ScepAnswer> GetAsync(ScepStage stage, string operation, ReadOnlyMemory<byte>? message, CancellationToken cancellationToken)
    {
        // RFC 8894 §4.1: the message is base64, then percent-encoded; '+' and '/' must not travel bare.
        var query = message is { } bytes
            ? $"operation={operation}&message={Uri.EscapeDataString(Convert.ToBase64String(bytes.Span))}"
            : $"operation={operation}";
        return SendAsync(stage, new HttpRequestMessage(HttpMethod.Get, WithQuery(query)), cancellationToken);
    }

    public Task<ScepAnswer> PostAsync(ScepStage stage, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var content = new ReadOnlyMemoryContent(message);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-pki-message");
        return SendAsync(
            stage, new HttpRequestMessage(HttpMethod.Post, WithQuery("operation=PKIOperation")) { Content = content }, cancellationToken);
    }

    private async Task<ScepAnswer> SendAsync(ScepStage stage, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                using var response = await _http.SendAsync(request, cancellationToken);
                if (response.StatusCode != HttpStatusCode.OK)
                    throw HttpTrouble.Status(stage, response);
                return new ScepAnswer(
                    response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "",
                    await response.Content.ReadAsByteArrayAsync(cancellationToken));
            }
            catch (HttpRequestException trouble)
            {
                throw HttpTrouble.Connection(stage, _url, trouble);
            }
            catch (TaskCanceledException trouble) when (trouble.InnerException is TimeoutException)
            {
                throw new ScepClientException(
                    stage,
                    ScepClientFault.Network,
                    $"{_url.Host}:{_url.Port} did not answer within {_http.Timeout.TotalSeconds:0} seconds.",
                    "Check that the server is up and not overloaded, and that no firewall swallows the connection; then try again.",
                    trouble);
            }
        }
    }

    private Uri WithQuery(string query)
    {
        var url = new UriBuilder(_url) { Fragment = "" };
        url.Query = url.Query.Length > 1 ? $"{url.Query[1..]}&{query}" : query;
        return url.Uri;
    }

    internal static SslClientAuthenticationOptions TlsOptions(TlsTrust trust)
    {
        // No CertificateRevocation: the CA that the device enrols at is often the issuer of the server's certificate,
        // and its CRL may not be reachable yet.
        var options = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = X509RevocationMode.NoCheck };
        if (trust is TlsTrust.Roots roots)
        {
            options.CertificateChainPolicy =
                new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots.Certificates);
            // RFC 9525, RFC 5280 §4.2.1.12: id-kp-serverAuth; a policy of our own replaces the one that would have asked for it.
            options.CertificateChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        }

        if (trust is TlsTrust.AcceptAny)
#pragma warning disable CA5359 // Asked for by --insecure of `scep probe`, which sends no secret; `scep enroll` has no such switch.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }
}

/// <summary>What went wrong on the way, in words that lead somewhere.</summary>
internal static class HttpTrouble
{
    public static ScepClientException Status(ScepStage stage, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var advice = status switch
        {
            >= 300 and < 400 => "The server sends elsewhere "
                + $"({ScepStageNames.Printable(response.Headers.Location?.ToString() ?? "no address given")}); redirects are not followed. "
                + "Give the final URL.",
            404 => "No SCEP endpoint at this address. Check the path, for example https://host/scep or https://host/scep/<profile>.",
            413 or 414 => "The message is too long for this server or a proxy before it. Use POST (leave out --get) or a smaller key.",
            429 => "Too many requests. Wait, then try again.",
            400 => "The server could not read the message. Its log says why; a proxy that rewrites requests is a common cause.",
            401 or 403 => "Something before the SCEP server demands a login, or this address is not allowed in.",
            503 =>
                $"The server is not ready{RetryAfter(response)}. Try again later; the same request is answered with the same certificate.",
            _ => "The server's log says why. Try again later.",
        };
        return new ScepClientException(
            stage, ScepClientFault.Network, $"the server answered HTTP {status} ({response.StatusCode}) instead of 200.", advice);
    }

    public static ScepClientException Connection(ScepStage stage, Uri url, HttpRequestException trouble)
    {
        var host = $"{url.Host}:{url.Port}";
        var (message, advice) = trouble.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => ($"the name {url.Host} cannot be resolved.", "Check the URL and the name server."),
            HttpRequestError.SecureConnectionError => ($"the TLS connection to {host} failed: {Innermost(trouble)}",
                trouble.InnerException is AuthenticationException
                    ? "If the server's certificate comes from a CA of your own, name that CA with --cacert FILE (or CERTCTL_CA_FILE); "
                        + "the host name in the URL must stand in the certificate."
                    : "Check that the port speaks TLS 1.2 or 1.3."),
            HttpRequestError.ConfigurationLimitExceeded =>
                ($"the answer of {host} is longer than {ScepTransport.LongestAnswer} octets.", "This is no SCEP answer. Check the URL."),
            _ => ($"{host} cannot be reached: {Innermost(trouble)}", "Check the URL and the port, and that the server is running."),
        };
        return new ScepClientException(stage, ScepClientFault.Network, message, advice, trouble);
    }

    private static string RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter?.Delta is { } delta ? $" (it asks to wait {delta.TotalSeconds:0} seconds)" : "";

    private static string Innermost(Exception trouble) => ScepStageNames.Printable(trouble.GetBaseException().Message);
}
