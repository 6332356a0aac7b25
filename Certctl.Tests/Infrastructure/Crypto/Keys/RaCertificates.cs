using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

/// <summary>
/// RA pairs made by the platform's writer below the CAs of <see cref="TestCa"/>, with whatever a test wants wrong about them.
/// </summary>
internal static class RaCertificates
{
    public const X509KeyUsageFlags BothUsages = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment;

    private static readonly Lazy<RSA> RaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> OtherKey = new(() => RSA.Create(2048));

    /// <summary>One key for the whole run.</summary>
    public static RSA Key => RaKey.Value;

    public static RSA AnotherKey => OtherKey.Value;

    public static KeyPair Pair(
        KeyPair? ca = null,
        AsymmetricAlgorithm? key = null,
        X509KeyUsageFlags? usage = BothUsages,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null,
        int serialLength = 8)
    {
        key ??= Key;
        ca ??= TestCa.Root();
        var request = key is RSA rsa
            ? new CertificateRequest("CN=Test RA", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=Test RA", (ECDsa)key, HashAlgorithmName.SHA256);
        if (usage is { } flags)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(flags, critical: true));
        var generator = ca.Key is RSA rsaCa
            ? X509SignatureGenerator.CreateForRSA(rsaCa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)ca.Key);
        using var certificate = request.Create(
            ca.Certificate.SubjectName,
            generator,
            notBefore ?? TestCa.Now.AddDays(-1),
            notAfter ?? TestCa.Now.AddYears(1),
            [0x01, .. RandomNumberGenerator.GetBytes(serialLength - 1)]);
        return new KeyPair(X509CertificateLoader.LoadCertificate(certificate.RawData), key, []);
    }
}
