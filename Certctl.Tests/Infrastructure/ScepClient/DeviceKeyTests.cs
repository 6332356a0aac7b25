using System.Security.Cryptography;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Key files in, key files out.</summary>
public sealed class DeviceKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certctl-key-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pkcs8")]
    [InlineData("pkcs1")]
    [InlineData("encrypted")]
    [InlineData("after a certificate")]
    public void An_rsa_key_is_read_in_every_usual_form(string form)
    {
        var pem = form switch
        {
            "pkcs8" => FakePki.DeviceKey.ExportPkcs8PrivateKeyPem(),
            "pkcs1" => FakePki.DeviceKey.ExportRSAPrivateKeyPem(),
            "encrypted" => DeviceKey.ToPem(FakePki.DeviceKey, "open sesame"),
            _ => FakePki.Ca.ExportCertificatePem() + "\n" + FakePki.DeviceKey.ExportPkcs8PrivateKeyPem(),
        };

        using var key = DeviceKey.Load(Write(pem), form == "encrypted" ? "open sesame" : null);

        Assert.Equal(FakePki.DeviceKey.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void A_wrong_passphrase_and_none_are_told_apart_and_never_repeated()
    {
        var file = Write(DeviceKey.ToPem(FakePki.DeviceKey, "open sesame"));

        var none = Assert.Throws<ScepClientException>(() => DeviceKey.Load(file, null));
        var wrong = Assert.Throws<ScepClientException>(() => DeviceKey.Load(file, "open barley"));

        Assert.Contains("encrypted", none.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read as a private key", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("barley", wrong.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sec1")]
    [InlineData("pkcs8")]
    [InlineData("encrypted")]
    public void An_ec_key_on_each_curve_is_read_in_every_usual_form(string form)
    {
        foreach (var kind in new[] { DeviceKeyKind.EcP256, DeviceKeyKind.EcP384, DeviceKeyKind.EcP521 })
        {
            using var ec = (ECDsa)DeviceKey.Create(kind);
            var pem = form switch
            {
                "sec1" => ec.ExportECPrivateKeyPem(),
                "pkcs8" => ec.ExportPkcs8PrivateKeyPem(),
                _ => DeviceKey.ToPem(ec, "open sesame"),
            };

            using var key = DeviceKey.Load(Write(pem), form == "encrypted" ? "open sesame" : null);

            Assert.Equal(ec.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
        }
    }

    // The server could not answer to it.
    [Fact]
    public void A_key_on_another_curve_and_one_of_another_kind_are_refused_with_what_to_use()
    {
        using var koblitz = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var edwards = Convert.ToBase64String(
            [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, .. new byte[32]]);

        foreach (var pem in new[]
        {
            koblitz.ExportPkcs8PrivateKeyPem(),
            koblitz.ExportECPrivateKeyPem(),
            $"-----BEGIN PRIVATE KEY-----\n{edwards}\n-----END PRIVATE KEY-----\n",
        })
        {
            var trouble = Assert.Throws<ScepClientException>(() => DeviceKey.Load(Write(pem), null));
            Assert.Equal(ScepClientFault.LocalFile, trouble.Fault);
            Assert.Contains("P-256, P-384 or P-521", trouble.Advice, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("no PEM at all")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")]
    public void Anything_else_is_a_local_file_problem(string text)
    {
        Assert.Equal(ScepClientFault.LocalFile, Assert.Throws<ScepClientException>(() => DeviceKey.Load(Write(text), null)).Fault);
    }

    [Fact]
    public void A_small_key_and_a_missing_file_are_refused()
    {
        using var small = RSA.Create(1024);

        Assert.Contains(
            "1024 bits",
            Assert.Throws<ScepClientException>(() => DeviceKey.Load(Write(small.ExportPkcs8PrivateKeyPem()), null)).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            ScepClientFault.LocalFile,
            Assert.Throws<ScepClientException>(() => DeviceKey.Load(Path.Combine(_folder, "absent"), null)).Fault);
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder, "a.key");
        File.WriteAllText(path, text);
        return path;
    }
}
