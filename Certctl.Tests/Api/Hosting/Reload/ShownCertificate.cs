using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>The TLS certificate of a server: made by its CA, and as it is shown.</summary>
internal static class ShownCertificate
{
    /// <summary>Writes a new pair beside the data folder, <c>tls.crt</c> and <c>tls.key</c>.</summary>
    /// <param name="passphrase">Encrypts the key; null: it is in the clear.</param>
    public static X509Certificate2 Write(CertctlHost host, string? passphrase = null)
    {
        using var ca = X509Certificate2.CreateFromPemFile(host.CaFile, Path.Combine(host.Data, "ca.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var signer = X509SignatureGenerator.CreateForRSA(ca.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1);
        var now = DateTimeOffset.UtcNow;
        var certificate = request.Create(ca.SubjectName, signer, now.AddMinutes(-5), now.AddDays(90), RandomNumberGenerator.GetBytes(8));
        var (certFile, keyFile) = TestRa.Paths(host, "tls");
        File.WriteAllText(certFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(
                passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000)));
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return certificate;
    }

    /// <summary>Its serial number, of a new connection.</summary>
    public static async Task<string> SerialAsync(int port, string caFile)
    {
        using var ca = X509CertificateLoader.LoadCertificateFromFile(caFile);
        using var client = new TcpClient();
        await client.ConnectAsync("localhost", port);
        await using var tls = new SslStream(
            client.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.Issuer == ca.Subject);
        await tls.AuthenticateAsClientAsync("localhost");
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }
}
