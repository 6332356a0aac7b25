using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Mtls;

namespace Certctl.Infrastructure.Compliance;

/// <summary>
/// The connections to one compliance service: to the host of the URL and nowhere else, with nothing kept but the connection.
/// </summary>
internal static class ComplianceHttp
{
    /// <param name="shown">The certificate that says who asks; null: none.</param>
    /// <param name="roots">As <see cref="ComplianceSettings.Roots"/>.</param>
    public static SocketsHttpHandler Handler(
        ComplianceSettings settings, SslStreamCertificateContext? shown, IReadOnlyList<X509Certificate2> roots) => new()
        {
            // A verdict comes from whom the operator named: no redirect, no proxy of the environment, no cookie.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,

            // The request gives up by itself; this ends the handshake that it leaves behind.
            ConnectTimeout = settings.Timeout,
            MaxConnectionsPerServer = settings.Limits.Concurrency,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,

            // A service that moves is found again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            SslOptions = Tls(shown, roots),
        };

    public static HttpClient Client(SocketsHttpHandler handler) => new(handler, disposeHandler: true)
    {
        // The pipeline bounds the time.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static SslClientAuthenticationOptions Tls(SslStreamCertificateContext? shown, IReadOnlyList<X509Certificate2> roots)
    {
        var tls = ServerTrust.Options(roots);
        tls.ClientCertificateContext = shown;
        return tls;
    }

    /// <exception cref="CryptographicException">The pair cannot be shown.</exception>
    public static SslStreamCertificateContext Shown(KeyPair pair)
    {
        var withKey = pair.Key switch
        {
            RSA rsa => pair.Certificate.CopyWithPrivateKey(rsa),
            ECDsa ecdsa => pair.Certificate.CopyWithPrivateKey(ecdsa),
            _ => throw new InvalidOperationException($"A TLS key is RSA or ECDSA, not {pair.Key.GetType().Name}."),
        };
        return SslStreamCertificateContext.Create(withKey, [.. pair.Chain], offline: true);
    }
}
