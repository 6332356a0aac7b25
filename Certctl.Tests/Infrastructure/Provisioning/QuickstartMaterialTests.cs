using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Provisioning;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Provisioning;

/// <summary>What a quickstart folder holds, read with openssl, and what becomes of it at the next start.</summary>
public sealed class QuickstartMaterialTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    private string Data => _folder["data"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rsa-2048", "Public-Key: (2048 bit)")]
    [InlineData("rsa-3072", "Public-Key: (3072 bit)")]
    [InlineData("rsa-4096", "Public-Key: (4096 bit)")]
    [InlineData("p-256", "NIST CURVE: P-256")]
    [InlineData("p-384", "NIST CURVE: P-384")]
    public void Each_kind_of_CA_signs_an_RA_and_a_TLS_certificate_that_openssl_accepts(string caKey, string described)
    {
        Ensure(caKey);
        Assert.Contains(described, OpenSsl.Run("x509", "-in", Path("ca.crt"), "-noout", "-text"), StringComparison.Ordinal);
        OpenSsl.Run("verify", "-x509_strict", "-CAfile", Path("ca.crt"), Path("ra.crt"));
        OpenSsl.Run("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", Path("ca.crt"), Path("tls.crt"));
        Assert.Contains("Digital Signature, Key Encipherment", OpenSsl.Run("x509", "-in", Path("ra.crt"), "-noout", "-text"), StringComparison.Ordinal);

        using var ca = X509CertificateLoader.LoadCertificateFromFile(Path("ca.crt"));
        using var ra = X509CertificateLoader.LoadCertificateFromFile(Path("ra.crt"));
        Assert.Equal(_clock.GetUtcNow().AddYears(10).UtcDateTime, ca.NotAfter.ToUniversalTime(), TimeSpan.FromMinutes(1));
        Assert.Equal(_clock.GetUtcNow().AddYears(1).UtcDateTime, ra.NotAfter.ToUniversalTime(), TimeSpan.FromMinutes(1));
    }

    [Fact]
    [Trait("Conformance", "Z-10")]
    public void Keys_and_secrets_are_files_of_their_owner_alone_in_PKCS8()
    {
        Ensure();
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
        Assert.All(["ca.key", "ra.key", "tls.key", "challenge", "api-key"], name => Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path(name))));
        Assert.All(["ca", "ra", "tls"], name =>
        {
            Assert.StartsWith("-----BEGIN PRIVATE KEY-----", File.ReadAllText(Path(name + ".key")), StringComparison.Ordinal);
            var ofKey = OpenSsl.Run("pkey", "-in", Path(name + ".key"), "-pubout");
            Assert.Equal(OpenSsl.Run("x509", "-in", Path(name + ".crt"), "-noout", "-pubkey"), ofKey);
        });
    }

    [Fact]
    public void With_a_passphrase_no_key_lies_open()
    {
        Ensure(passphrase: "sesame");
        Assert.All(["ca", "ra", "tls"], name =>
        {
            Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(Path(name + ".key")), StringComparison.Ordinal);
            OpenSsl.Run("pkey", "-in", Path(name + ".key"), "-passin", "pass:sesame", "-noout");
        });
        Ensure(passphrase: "sesame");
        Assert.Throws<IOException>(() => Ensure(passphrase: "open"));
        Assert.Throws<IOException>(() => Ensure());
    }

    [Fact]
    public void A_second_run_changes_nothing()
    {
        var first = Ensure();
        Assert.NotEmpty(first.Created);
        var before = Contents();
        _clock.Advance(TimeSpan.FromDays(300));

        var second = Ensure(caKey: "p-256");

        Assert.Empty(second.Created);
        Assert.Equal(before, Contents());
        Assert.Equal(first.Challenge.Reveal(), second.Challenge.Reveal());
        Assert.True(first.Challenge.Reveal().Length >= 32);
    }

    [Fact]
    public void Under_30_days_before_their_end_RA_and_TLS_are_renewed_and_the_RA_before_still_counts()
    {
        Ensure();
        var (ra, ca) = (File.ReadAllText(Path("ra.crt")), File.ReadAllText(Path("ca.crt")));
        _clock.Advance(TimeSpan.FromDays(336));

        var renewed = Ensure();

        Assert.Equal(["ra", "tls"], renewed.Created);
        Assert.Equal(ca, File.ReadAllText(Path("ca.crt")));
        Assert.NotEqual(ra, File.ReadAllText(Path("ra.crt")));
        Assert.Equal(ra, File.ReadAllText(Path("ra-previous.crt")));
        Assert.Equal([new PairPaths(Path("ra.crt"), Path("ra.key")), new PairPaths(Path("ra-previous.crt"), Path("ra-previous.key"))], renewed.RaPairs);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path("ra-previous.key")));

        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal([new PairPaths(Path("ra.crt"), Path("ra.key"))], Ensure().RaPairs);
    }

    [Theory]
    [InlineData("ra.crt", "ra")]
    [InlineData("ra.key", "ra")]
    [InlineData("tls.key", "tls")]
    [InlineData("challenge", "challenge")]
    public void What_was_lost_is_made_again_and_nothing_else(string lost, string made)
    {
        Ensure();
        var before = Contents();
        File.Delete(Path(lost));
        Assert.Equal([made], Ensure().Created);
        Assert.All(before.Where(file => !file.Key.StartsWith(made + ".", StringComparison.Ordinal) && file.Key != made), file => Assert.Equal(file.Value, Contents()[file.Key]));
    }

    [Theory]
    [InlineData("ca.key")]
    [InlineData("ca.crt")]
    public void Half_a_CA_is_no_reason_to_make_another(string lost)
    {
        Ensure();
        File.Delete(Path(lost));
        var before = Contents();
        Assert.Throws<IOException>(() => Ensure());
        Assert.Equal(before, Contents());
    }

    [Fact]
    public void A_folder_of_somebody_else_is_not_closed_to_him()
    {
        Directory.CreateDirectory(Data, OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        Ensure();
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));

        var foreign = _folder["foreign"];
        Directory.CreateDirectory(foreign, OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        File.WriteAllText(System.IO.Path.Combine(foreign, "letter.txt"), "");
        Assert.Contains("chmod 700", Assert.Throws<IOException>(() => QuickstartMaterial.Ensure(foreign, "p-256", null, _clock)).Message, StringComparison.Ordinal);
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.OtherRead, File.GetUnixFileMode(foreign));
    }

    private QuickstartMaterial Ensure(string caKey = "p-256", string? passphrase = null) =>
        QuickstartMaterial.Ensure(Data, caKey, passphrase is null ? null : new Secret(passphrase), _clock);

    private string Path(string name) => System.IO.Path.Combine(Data, name);

    private Dictionary<string, string> Contents() => Directory.GetFiles(Data).ToDictionary(file => System.IO.Path.GetFileName(file), File.ReadAllText);
}
