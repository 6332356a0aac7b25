using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Tests.Fixtures;

/// <summary>RA pairs that the CA of a quickstart folder signs, made by the platform and not by the product.</summary>
internal static class TestRa
{
    /// <summary>Writes <paramref name="name"/>.crt and .key beside the data folder, over what is there.</summary>
    /// <param name="validFor">Negative: expired an hour ago.</param>
    public static X509Certificate2 Write(CertctlHost host, string name, AsymmetricAlgorithm key, TimeSpan validFor)
    {
        using var ca = X509Certificate2.CreateFromPemFile(host.CaFile, Path.Combine(host.Data, "ca.key"));
        var request = key is RSA rsa
            ? new CertificateRequest($"CN=RA {name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN=RA {name}", (ECDsa)key, HashAlgorithmName.SHA256);
        var usage = X509KeyUsageFlags.DigitalSignature | (key is RSA ? X509KeyUsageFlags.KeyEncipherment : 0);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        var now = DateTimeOffset.UtcNow;

        // Newer than any before it, to the second: the newest signs.
        var (notBefore, notAfter) = validFor > TimeSpan.Zero ? (now, now + validFor) : (now.AddDays(-2), now.AddHours(-1));
        var certificate = request.Create(
            ca.SubjectName, X509SignatureGenerator.CreateForRSA(ca.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1), notBefore, notAfter,
            RandomNumberGenerator.GetBytes(8));
        Write(host, name, certificate, key);
        return certificate;
    }

    /// <summary>Writes a pair that is made already.</summary>
    public static void Write(CertctlHost host, string name, X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        var (certFile, keyFile) = Paths(host, name);
        File.WriteAllText(certFile, certificate.ExportCertificatePem());
        File.Delete(keyFile);
        using (File.Open(keyFile, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
        }

        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public static (string Cert, string Key) Paths(CertctlHost host, string name) =>
        (Path.Combine(host.Folder, name + ".crt"), Path.Combine(host.Folder, name + ".key"));
}
