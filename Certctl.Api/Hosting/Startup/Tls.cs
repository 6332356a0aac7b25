using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Http;
using Certctl.Infrastructure.Crypto.Keys;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Certctl.Api.Hosting.Startup;

/// <summary>
/// The server's own certificate, and the CAs that it names to clients, exchanged as a whole; handshakes under way finish with what they
/// began with.
/// </summary>
/// <param name="clientCas">The union of all trust bundles: what a client may choose its certificate by. Who is let in is judged for each
/// request.</param>
internal sealed class ServerCertificate(KeyPair pair, IReadOnlyCollection<X509Certificate2> clientCas)
{
    // Read by handshakes, replaced by SIGHUP: one reference, so no lock.
    private volatile Shown _shown = new(pair, clientCas);

    /// <summary>SHA-256 of the certificate file's certificates: what a reload compares.</summary>
    public string Fingerprint => FingerprintOf(_shown.Pair);

    public static string FingerprintOf(KeyPair pair) => string.Join(
        ", ",
        pair.Chain.Prepend(pair.Certificate)
            .Select(certificate => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(certificate.RawData))));

    /// <summary>The certificate that new handshakes show.</summary>
    public X509Certificate2 Certificate => _shown.Plain.TargetCertificate;

    /// <summary>Makes another pair and other CAs ready; the action puts them to use and cannot fail.</summary>
    public Action Stage(KeyPair pair, IReadOnlyCollection<X509Certificate2> clientCas)
    {
        var shown = new Shown(pair, clientCas);
        return () => _shown = shown;
    }

    /// <summary>Likewise other CAs, with the pair that is in use.</summary>
    public Action StageClientCas(IReadOnlyCollection<X509Certificate2> clientCas) => Stage(_shown.Pair, clientCas);

    /// <summary>TLS 1.3 alone, HTTP/2 and HTTP/1.1, no client certificate asked for (a request breaks macOS renewals).</summary>
    public TlsHandshakeCallbackOptions Handshake() => new() { OnConnection = _ => ValueTask.FromResult(Options(_shown.Plain)) };

    /// <summary>
    /// The same, and a client certificate is asked for. None, or any whose key the client holds, passes here: a certificate that this
    /// server does not know must not cost its owner the plain route.
    /// </summary>
    public TlsHandshakeCallbackOptions HandshakeThatAsks() => new()
    {
        OnConnection = context =>
        {
            var client = new TlsClient();
            context.Connection.Features.Set(client);
            var shown = _shown;
            var options = Options(shown.Asking);
            options.ClientCertificateRequired = true;

            // Only an offline look at the octets happens here, and its result is not asked for.
            options.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.RemoteCertificateValidationCallback = (_, certificate, chain, _) => client.Keep(certificate, chain);

            // A resumed session would bring the client's certificate without those that it was sent with.
            options.AllowTlsResume = false;
            return ValueTask.FromResult(options);
        },
    };

    private static SslServerAuthenticationOptions Options(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        ClientCertificateRequired = false,
    };

    private sealed class Shown
    {
        public Shown(KeyPair pair, IReadOnlyCollection<X509Certificate2> clientCas)
        {
            Pair = pair;
            var withKey = pair.Key switch
            {
                System.Security.Cryptography.RSA rsa => RSACertificateExtensions.CopyWithPrivateKey(pair.Certificate, rsa),
                System.Security.Cryptography.ECDsa ecdsa => ECDsaCertificateExtensions.CopyWithPrivateKey(pair.Certificate, ecdsa),
                _ => throw new InvalidOperationException($"A TLS key is RSA or ECDSA, not {pair.Key.GetType().Name}."),
            };

            // offline: the chain is what the file holds; nothing is fetched.
            Plain = SslStreamCertificateContext.Create(withKey, [.. pair.Chain], offline: true);

            // RFC 8446 §4.2.4: the CAs' names let a client choose among its certificates.
            Asking = clientCas.Count == 0 ? Plain : SslStreamCertificateContext.Create(
                withKey,
                [.. pair.Chain],
                offline: true,
                SslCertificateTrust.CreateForX509Collection([.. clientCas], sendTrustInHandshake: true));
        }

        public KeyPair Pair { get; }

        public SslStreamCertificateContext Plain { get; }

        public SslStreamCertificateContext Asking { get; }
    }
}
