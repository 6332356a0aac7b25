using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>Whether a pair can be a CA, and what its certificate file says of the CAs above it.</summary>
internal static class CaCheck
{
    private static readonly string[] Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34"];

    public static List<string> Check(KeyPair ca, DateTimeOffset now, bool isRetired = false)
    {
        var problems = new List<string>();
        var certificate = ca.Certificate;
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            problems.Add("the certificate is not a CA's (basicConstraints cA is not TRUE)");
        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && (usage.KeyUsages & X509KeyUsageFlags.KeyCertSign) == 0)
            problems.Add("its keyUsage lacks keyCertSign");
        if (!LocalCrlWriter.MaySign(certificate))
            problems.Add("warning: its keyUsage lacks cRLSign; there is no CRL of it, and GetCRL is refused");
        if (now < certificate.NotBefore.ToUniversalTime())
            problems.Add($"it is not valid before {certificate.NotBefore.ToUniversalTime():O}");
        if (now >= certificate.NotAfter.ToUniversalTime())
        {
            problems.Add(isRetired
                ? $"warning: it expired at {certificate.NotAfter.ToUniversalTime():O}, and so has all that it issued; take it out"
                : $"it expired at {certificate.NotAfter.ToUniversalTime():O}");
        }

        if (certificate.SubjectName.EnumerateRelativeDistinguishedNames().FirstOrDefault() is null)
            problems.Add("its subject is empty");
        if (KeyProblem(ca.Key) is { } key)
            problems.Add(key);
        if (certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is null)
            problems.Add("warning: it has no subjectKeyIdentifier; authorityKeyIdentifier is computed from its key");
        if (TlsFeature.FindDefect(certificate) is { } feature)
            problems.Add(feature);

        // All that the file holds: the platform builds no path through constraints that it cannot read,
        // so those would be missed on the path alone.
        problems.AddRange(ca.Chain.Prepend(certificate).SelectMany(ConstraintProblems));
        problems.AddRange(
            CaPath.Find(ca, now).Unused.Select(unused =>
                $"warning: its file holds {Describe(unused)}, {WhyUnused(unused, now)}; it is not handed out, remove it from the file"));
        return problems;
    }

    private static string Describe(X509Certificate2 certificate) =>
        $"{certificate.Subject} with serial number {certificate.SerialNumber.ToLowerInvariant()}";

    private static string WhyUnused(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (now >= certificate.NotAfter.ToUniversalTime())
            return $"which expired at {certificate.NotAfter.ToUniversalTime():O}";
        return now < certificate.NotBefore.ToUniversalTime()
            ? $"which is not valid before {certificate.NotBefore.ToUniversalTime():O}"
            : "which is on no path from the CA to its root";
    }

    // What cannot be read cannot be obeyed, and what cannot be compared is refused: an operator should know before a device does.
    private static IEnumerable<string> ConstraintProblems(X509Certificate2 certificate)
    {
        if (!NameConstraints.TryRead(certificate, out var constraints, out var defect))
            yield return $"the nameConstraints of {certificate.Subject} cannot be obeyed: {defect}";
        foreach (var kind in constraints?.UnevaluatedKinds ?? [])
            yield return $"warning: the nameConstraints of {certificate.Subject} restrict {kind} names, "
                + "which this server does not compare; requests with such names are refused";
    }

    /// <summary>True when <paramref name="issuer"/> is named as the issuer and its key verifies the signature.</summary>
    public static bool Issued(X509Certificate2 issuer, X509Certificate2 subject)
    {
        if (!issuer.SubjectName.RawData.AsSpan().SequenceEqual(subject.IssuerName.RawData))
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(issuer);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;

        // Only the signature is asked; dates and the rest of the path are judged elsewhere.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllFlags;
        chain.Build(subject);
        return chain.ChainElements.Count > 1
            && chain.ChainElements[1].Certificate.RawData.AsSpan().SequenceEqual(issuer.RawData)
            && chain.ChainElements[0].ChainElementStatus.All(status => (status.Status & X509ChainStatusFlags.NotSignatureValid) == 0);
    }

    private static string? KeyProblem(AsymmetricAlgorithm key) => key switch
    {
        RSA { KeySize: >= 2048 and <= 4096 } => null,
        RSA rsa => $"its RSA key has {rsa.KeySize} bits; 2048 to 4096 are supported",
        ECDsa ecdsa when Curves.Contains(ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, StringComparer.Ordinal) =>
            null,
        _ => "its key is none of RSA, ECDSA P-256 or P-384",
    };
}
