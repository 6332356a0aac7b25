using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>Which TLS servers the client talks to.</summary>
internal static class EstTls
{
    // RFC 5280 §4.2.1.12: id-kp-serverAuth.
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    public static SslClientAuthenticationOptions Options(TlsTrust trust, EstIdentity? identity) =>
        Common(ScepTransport.TlsOptions(trust), identity);

    /// <summary>
    /// Only servers whose certificate chains to an anchor of the CA that was pinned by its fingerprint (RFC 7030 §3.6.1): the Explicit
    /// TA database.
    /// </summary>
    public static SslClientAuthenticationOptions Pinned(EstCaTrust trust, EstIdentity? identity, TimeProvider time)
    {
        var options = Common(ScepTransport.TlsOptions(new TlsTrust.SystemRoots()), identity);
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            certificate is X509Certificate2 server
            // The chain is judged here; the name by the platform, as always.
            && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
            && IsVouchedFor(server, chain?.ChainPolicy.ExtraStore ?? [], trust, time.GetUtcNow());
        return options;
    }

    // Two readings: CertificatePath ends at the pinned CA even where that is no root, and the platform knows name constraints, purposes and
    // critical extensions.
    private static bool IsVouchedFor(X509Certificate2 server, X509Certificate2Collection sent, EstCaTrust trust, DateTimeOffset now)
    {
        try
        {
            var candidates = sent.Select(certificate => certificate.ReadWhole()).Concat(trust.Trusted).ToList();
            if (CertificatePath.Find(server.ReadWhole(), candidates, trust.Anchors, now) is not { Count: > 1 } path)
                return false;
            using var chain = new X509Chain { ChainPolicy = Policy(path, trust, now) };
            return chain.Build(server);
        }
        catch (CryptographicException)
        {
            // A certificate that cannot be read is not one of a server to trust.
            return false;
        }
    }

    private static X509ChainPolicy Policy(IReadOnlyList<X509Certificate2> path, EstCaTrust trust, DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.UtcDateTime,
            VerificationTimeIgnored = false,
            // The pinned CA may be no root, which the platform would insist on; that the path ends at it has been proven.
            VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuth));
        policy.CustomTrustStore.AddRange(trust.Anchors.ToArray());
        policy.ExtraStore.AddRange(path.Skip(1).ToArray());
        return policy;
    }

    private static SslClientAuthenticationOptions Common(SslClientAuthenticationOptions options, EstIdentity? identity)
    {
        // RFC 8996, RFC 9325 §3.1.1: not below TLS 1.2, whatever the machine's OpenSSL allows.
#pragma warning disable CA5398 // A lower bound has to name the versions above it.
        options.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning restore CA5398
        options.ClientCertificateContext = identity?.Context;
        return options;
    }
}
