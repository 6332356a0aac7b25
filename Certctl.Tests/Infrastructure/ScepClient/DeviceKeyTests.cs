using System.Security.Cryptography;
using Certctl.Infrastructure.ScepClient;
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
    public void An_ec_key_is_refused_with_the_reason(string form)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var trouble = Assert.Throws<ScepClientException>(() => DeviceKey.Load(Write(form == "sec1" ? ec.ExportECPrivateKeyPem() : ec.ExportPkcs8PrivateKeyPem()), null));

        Assert.Equal(ScepClientFault.LocalFile, trouble.Fault);
        Assert.Contains("EC key can sign but not decrypt", trouble.Message, StringComparison.Ordinal);
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

        Assert.Contains("1024 bits", Assert.Throws<ScepClientException>(() => DeviceKey.Load(Write(small.ExportPkcs8PrivateKeyPem()), null)).Message, StringComparison.Ordinal);
        Assert.Equal(ScepClientFault.LocalFile, Assert.Throws<ScepClientException>(() => DeviceKey.Load(Path.Combine(_folder, "absent"), null)).Fault);
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder, "a.key");
        File.WriteAllText(path, text);
        return path;
    }
}
