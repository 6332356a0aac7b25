using System.Net.Security;
using System.Security.Authentication;
using Certctl.Infrastructure.Crypto.Keys;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Certctl.Api.Hosting;

/// <summary>The server's own certificate, exchanged as a whole; handshakes under way finish with the one that they began with.</summary>
internal sealed class ServerCertificate(KeyPair pair)
{
    // Read by handshakes, replaced by SIGHUP: one reference, so no lock.
    private volatile SslStreamCertificateContext _context = Context(pair);

    /// <summary>Makes another pair ready; the action puts it to use and cannot fail.</summary>
    public Action Stage(KeyPair pair)
    {
        var context = Context(pair);
        return () => _context = context;
    }

    /// <summary>TLS 1.3 alone, HTTP/2 and HTTP/1.1, no client certificate asked for (a request breaks macOS renewals).</summary>
    public TlsHandshakeCallbackOptions Handshake() => new()
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _context,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            ClientCertificateRequired = false,
        }),
    };

    private static SslStreamCertificateContext Context(KeyPair pair)
    {
        var withKey = pair.Key switch
        {
            System.Security.Cryptography.RSA rsa => System.Security.Cryptography.X509Certificates.RSACertificateExtensions.CopyWithPrivateKey(pair.Certificate, rsa),
            System.Security.Cryptography.ECDsa ecdsa => System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.CopyWithPrivateKey(pair.Certificate, ecdsa),
            _ => throw new InvalidOperationException($"A TLS key is RSA or ECDSA, not {pair.Key.GetType().Name}."),
        };

        // offline: the chain is what the file holds; nothing is fetched.
        return SslStreamCertificateContext.Create(withKey, [.. pair.Chain], offline: true);
    }
}
