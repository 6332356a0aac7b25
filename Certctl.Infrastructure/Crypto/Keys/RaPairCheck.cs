using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// Whether a pair can be an RA of a SCEP profile, and for what: as its keyUsage says, it signs replies, decrypts requests,
/// or both (RFC 8894 §2.1.2).
/// </summary>
public static class RaPairCheck
{
    /// <summary>What forbids the pair, and what an operator should know about it; each in words with the remedy.</summary>
    /// <param name="issuerChain">DER, the profile's issuing CA first; empty when that is not known, and then not looked at.</param>
    public static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Check(
        KeyPair ra, IReadOnlyList<ReadOnlyMemory<byte>> issuerChain, DateTimeOffset now)
    {
        var problems = new List<string>();
        var warnings = new List<string>();
        var certificate = ra.Certificate;
        if (ra.Key is not RSA rsa)
            problems.Add("the RA key is not RSA: clients encrypt their requests to it, and an EC key cannot decrypt them (RFC 8894 §3.1); "
                + "make an RSA pair");
        else if (rsa.KeySize < 2048)
            problems.Add($"the RA key has {rsa.KeySize} bits; at least 2048 are needed");
        if (now < certificate.NotBefore.ToUniversalTime())
            problems.Add($"the RA certificate is not valid before {certificate.NotBefore.ToUniversalTime():O}");
        if (now >= certificate.NotAfter.ToUniversalTime())
            problems.Add($"the RA certificate expired at {certificate.NotAfter.ToUniversalTime():O}; issue a new one");
        else if (ExpiryRule.IsSoon(certificate.NotAfter.ToUniversalTime(), now))
            warnings.Add(
                $"the RA certificate expires at {certificate.NotAfter.ToUniversalTime():O}; put a new pair beside it and send SIGHUP");

        if (!MaySign(certificate) && !MayDecrypt(certificate))
            problems.Add("the RA certificate's keyUsage must have digitalSignature, keyEncipherment or both");

        if (!CertificateReader.TryRead(certificate.RawData, out _, out var defect))
            problems.Add($"the RA certificate cannot be read: {defect}; issue a new one");
        if (issuerChain.Count == 0)
            return (problems, warnings);
        using var issuer = X509CertificateLoader.LoadCertificate(issuerChain[0].Span);
        if (!certificate.RawData.AsSpan().SequenceEqual(issuer.RawData) && !CaCheck.Issued(issuer, certificate))
            warnings.Add("the RA certificate was not issued by this profile's CA; Apple and Windows clients insist on that");
        return (problems, warnings);
    }

    /// <summary>Whether it may sign replies.</summary>
    public static bool MaySign(X509Certificate2 ra) => Allows(ra, X509KeyUsageFlags.DigitalSignature);

    /// <summary>Whether requests may be encrypted to it.</summary>
    public static bool MayDecrypt(X509Certificate2 ra) => Allows(ra, X509KeyUsageFlags.KeyEncipherment);

    // RFC 5280 §4.2.1.3: without the extension nothing is forbidden.
    private static bool Allows(X509Certificate2 ra, X509KeyUsageFlags use) =>
        ra.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage || usage.KeyUsages.HasFlag(use);
}
