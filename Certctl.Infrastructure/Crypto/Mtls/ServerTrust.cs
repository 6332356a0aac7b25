using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.Crypto.Mtls;

/// <summary>How this server judges other servers: host name and serverAuth as always, and the roots that the operator names.</summary>
public static class ServerTrust
{
    /// <param name="roots">Empty: those of this machine.</param>
    public static SslClientAuthenticationOptions Options(IReadOnlyList<X509Certificate2> roots)
    {
        // Nothing is fetched to judge the certificate: a slow CRL or AIA server would block the handshake.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (roots.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots.ToArray());
        }

        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
    }
}
