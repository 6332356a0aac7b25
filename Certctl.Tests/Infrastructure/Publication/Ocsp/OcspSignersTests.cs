using Certctl.Application.Publication;
using Certctl.Application.Publication.Ocsp;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Publication.Ocsp;

/// <summary>Responder keys in a folder.</summary>
public sealed class OcspSignersTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(TestCa.Now);
    private readonly TemporaryFolder _folder = new();
    private readonly KeyPair _ca = TestCa.Root();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("correct horse battery staple")]
    public async Task The_next_start_takes_up_what_the_last_one_kept(string? passphrase)
    {
        var secret = passphrase is null ? null : new Secret(passphrase);
        using var first = new OcspBench(_ca, _clock, _folder.Path, secret);
        var made = await CurrentAsync(first);
        var file = Assert.Single(Directory.GetFiles(_folder.Path));
        Assert.Equal($"ocsp-responder-{IssuerNames.Of(first.Issuer)}.pem", Path.GetFileName(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains(
            passphrase is null ? "-----BEGIN PRIVATE KEY-----" : "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            File.ReadAllText(file),
            StringComparison.Ordinal);

        using var second = new OcspBench(_ca, _clock, _folder.Path, secret);
        Assert.Equal(made.SerialNumber, (await CurrentAsync(second)).SerialNumber);
        Assert.Empty(second.Events);
        var serial = second.Issue("0a");
        Assert.Equal("good", ParsedResponse.StatusOf(await second.AskAsync(serial)));

        // openssl opens it, and agrees that the two belong together.
        string[] pass = passphrase is null ? [] : ["-passin", "pass:" + passphrase];
        Assert.Equal(
            OpenSsl.Run("x509", "-in", file, "-noout", "-pubkey"), OpenSsl.Run(["pkey", "-in", file, "-pubout", .. pass]));
    }

    [Fact]
    public async Task One_that_is_due_is_taken_up_and_renewed_at_once()
    {
        using var first = new OcspBench(_ca, _clock, _folder.Path);
        var made = await CurrentAsync(first);
        _clock.Advance(TimeSpan.FromDays(25));
        using var second = new OcspBench(_ca, _clock, _folder.Path);
        Assert.Equal(made.SerialNumber, (await CurrentAsync(second)).SerialNumber);
        await second.Keys.PrepareAsync(CancellationToken.None);
        var renewed = await CurrentAsync(second);
        Assert.NotEqual(made.SerialNumber, renewed.SerialNumber);

        using var third = new OcspBench(_ca, _clock, _folder.Path);
        Assert.Equal(renewed.SerialNumber, (await CurrentAsync(third)).SerialNumber);
    }

    [Theory]
    [InlineData("is not of this CA")]
    [InlineData("is valid until")]
    [InlineData("is no OCSP responder's")]
    [InlineData("is not ECDSA P-256")]
    [InlineData("is open to others")]
    [InlineData("the passphrase is wrong")]
    [InlineData("does not belong to the first certificate")]
    [InlineData("no private key")]
    public async Task What_does_not_fit_is_not_taken_up_and_the_log_says_why(string why)
    {
        using var first = new OcspBench(_ca, _clock, _folder.Path, new Secret("correct horse battery staple"));
        await CurrentAsync(first);
        var file = Assert.Single(Directory.GetFiles(_folder.Path));
        var ca = Damage(why, file);

        using var second = new OcspBench(
            ca, _clock, _folder.Path, new Secret(why == "the passphrase is wrong" ? "battery" : "correct horse battery staple"));
        if (ca != _ca)
            File.Move(file, file = _folder[$"ocsp-responder-{IssuerNames.Of(second.Issuer)}.pem"], overwrite: true);
        await CurrentAsync(second);
        Assert.Single(second.Events);
        var line = Assert.Single(second.SignersLog.Lines);
        Assert.StartsWith($"Warning: The OCSP responder in {file} is not taken up: ", line, StringComparison.Ordinal);
        Assert.Contains(why, line, StringComparison.Ordinal);

        // The new one took its place.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_costs_the_next_start_a_new_key_and_no_more()
    {
        using var bench = new OcspBench(_ca, _clock, _folder["missing"]);
        await CurrentAsync(bench);
        Assert.StartsWith(
            "Error: The OCSP responder cannot be kept in ", Assert.Single(bench.SignersLog.Lines), StringComparison.Ordinal);
    }

    private KeyPair Damage(string why, string file)
    {
        switch (why)
        {
            case "is not of this CA":
                return TestCa.Root("rsa");
            case "is valid until":
                _clock.Advance(TimeSpan.FromDays(31));
                break;
            case "is no OCSP responder's":
                var leaf = TestCa.Issuer(_ca).Issue(TestCa.Template()).Certificate();
                using (var key = TestCa.LeafPrivateKey())
                    KeyFiles.ReplacePair(file, key, leaf, passphrase: null);
                break;
            case "is not ECDSA P-256":
                var large = TestCa.Sub(_ca);
                KeyFiles.ReplacePair(file, large.Key, large.Certificate, passphrase: null);
                break;
            case "is open to others":
                File.SetUnixFileMode(file, (UnixFileMode)0x1A4);
                break;
            case "does not belong to the first certificate":
                var text = File.ReadAllText(file);
                File.WriteAllText(
                    file, _ca.Certificate.ExportCertificatePem() + "\n" + text[text.IndexOf("-----BEGIN ENC", StringComparison.Ordinal)..]);
                break;
            case "no private key":
                File.WriteAllText(file, _ca.Certificate.ExportCertificatePem());
                break;
        }

        return _ca;
    }

    private Task<IOcspSigner> CurrentAsync(OcspBench bench) =>
        bench.Keys.CurrentAsync(bench.Issuer, _clock.GetUtcNow(), CancellationToken.None).AsTask();
}
