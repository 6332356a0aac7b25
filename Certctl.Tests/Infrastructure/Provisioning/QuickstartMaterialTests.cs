using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Provisioning;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Provisioning;

/// <summary>
/// The quickstart folder: what is made, that it stays, what is renewed, and what becomes of a folder in which something is missing.
/// </summary>
public sealed class QuickstartMaterialTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string Passphrase = "opens the quickstart keys";
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    // Folders of the quick CA key, made once a run; every test works on a copy.
    private static readonly Lazy<TemporaryFolder> Fresh = new(() => MakeFolder(null));
    private static readonly Lazy<TemporaryFolder> FreshEncrypted = new(() => MakeFolder(new Secret(Passphrase)));

    private readonly TemporaryFolder _parent = new();
    private readonly FakeTimeProvider _clock = new(Start);

    private string Folder => _parent["data"];

    public void Dispose() => _parent.Dispose();

    [Fact]
    public void Everything_is_there_with_secrets_for_the_owner_alone()
    {
        var made = Ensure();

        Assert.Equal(["api-key", "ca", "challenge", "ra", "ra-sign", "tls"], made.Created.Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
        Assert.Equal(
            ["api-key", "ca.crt", "ca.key", "challenge", "ra-sign.crt", "ra-sign.key", "ra.crt", "ra.key", "tls.crt", "tls.key"], Names());
        foreach (var secret in new[] { "ca.key", "ra-sign.key", "ra.key", "tls.key", "challenge", "api-key" })
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Of(secret)));
        Assert.Equal(RaPair(), made.RaPairs);
        Assert.Equal(
            (Of("ca.crt"), Of("ca.key"), Of("tls.crt"), Of("tls.key")),
            (made.CaCertPath, made.CaKeyPath, made.TlsCertPath, made.TlsKeyPath));
    }

    [Fact]
    public void The_secrets_are_long_and_different_each_time()
    {
        var one = Ensure();
        var other = QuickstartMaterial.Ensure(_parent["other"], "p-256", null, _clock);

        // 192 and 256 bits in the URL-safe alphabet, so that they need no quotes anywhere.
        Assert.Matches("^[A-Za-z0-9_-]{32}$", one.Challenge.Reveal());
        Assert.Matches("^[A-Za-z0-9_-]{43}$", one.ApiKey.Reveal());
        Assert.False(one.Challenge.Matches(other.Challenge));
        Assert.False(one.ApiKey.Matches(other.ApiKey));
        Assert.Equal(one.Challenge.Reveal() + "\n", File.ReadAllText(Of("challenge")));
    }

    [Theory]
    [InlineData("rsa-2048", "Public-Key: (2048 bit)", "sha256WithRSAEncryption")]
    [InlineData("rsa-3072", "Public-Key: (3072 bit)", "sha256WithRSAEncryption")]
    [InlineData("rsa-4096", "Public-Key: (4096 bit)", "sha256WithRSAEncryption")]
    [InlineData("p-256", "ASN1 OID: prime256v1", "ecdsa-with-SHA256")]
    [InlineData("p-384", "ASN1 OID: secp384r1", "ecdsa-with-SHA384")]
    public void Openssl_reads_and_verifies_what_every_kind_of_CA_key_makes(string kind, string key, string signature)
    {
        if (kind == "p-256")
            CopyFresh();
        else
            Assert.NotEmpty(QuickstartMaterial.Ensure(Folder, kind, null, _clock).Created);

        var ca = Text("ca.crt");
        Assert.Contains(key, ca, StringComparison.Ordinal);
        Assert.Contains($"Signature Algorithm: {signature}", ca, StringComparison.Ordinal);
        Assert.Contains("Not After : Nov 25 12:00:00 2036 GMT", ca, StringComparison.Ordinal);
        Assert.Contains("CA:TRUE", ca, StringComparison.Ordinal);
        Assert.Contains("Certificate Sign, CRL Sign\n", ca, StringComparison.Ordinal);

        foreach (var (file, usage) in new[] { ("ra-sign.crt", "Digital Signature\n"), ("ra.crt", "Key Encipherment\n") })
        {
            var ra = Text(file);
            Assert.Contains("Public-Key: (2048 bit)", ra, StringComparison.Ordinal);
            Assert.Contains($"Signature Algorithm: {signature}", ra, StringComparison.Ordinal);
            Assert.Contains("Not Before: Nov 25 11:55:00 2026 GMT", ra, StringComparison.Ordinal);
            Assert.Contains("Not After : Nov 25 12:00:00 2027 GMT", ra, StringComparison.Ordinal);
            Assert.Contains("                " + usage, ra, StringComparison.Ordinal);
            Assert.Contains("CA:FALSE", ra, StringComparison.Ordinal);
            Verify(file);
        }

        Verify("tls.crt", "-purpose", "sslserver", "-verify_hostname", "localhost");
        Verify("tls.crt", "-purpose", "sslserver", "-verify_ip", "127.0.0.1");
        Verify("tls.crt", "-purpose", "sslserver", "-verify_ip", "::1");
        foreach (var name in new[] { "ca", "ra-sign", "ra", "tls" })
        {
            Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", File.ReadAllText(Of(name + ".key")), StringComparison.Ordinal);
            Assert.Equal(
                OpenSsl.Run("x509", "-in", Of(name + ".crt"), "-noout", "-pubkey"),
                OpenSsl.Run("pkey", "-in", Of(name + ".key"), "-pubout"));
        }
    }

    [Fact]
    public void A_kind_of_key_that_does_not_exist_makes_nothing()
    {
        Assert.Throws<ArgumentException>(() => QuickstartMaterial.Ensure(Folder, "rsa-1024", null, _clock));
        Assert.Empty(Names());
    }

    [Fact]
    public void A_second_run_changes_nothing()
    {
        var first = Ensure();
        var before = State();
        _clock.Advance(TimeSpan.FromDays(300));

        var second = QuickstartMaterial.Ensure(Folder, "rsa-4096", null, _clock);

        Assert.Empty(second.Created);
        Assert.Equal(before, State());
        Assert.True(first.Challenge.Matches(second.Challenge));
        Assert.True(first.ApiKey.Matches(second.ApiKey));
        Assert.Equal(first.RaPairs, second.RaPairs);
    }

    [Fact]
    public void With_thirty_days_left_nothing_is_renewed_yet()
    {
        CopyFresh();
        _clock.Advance(TimeSpan.FromDays(335));

        Assert.Empty(Ensure().Created);
    }

    [Fact]
    public void An_RA_under_thirty_days_is_renewed_with_a_new_key_and_the_one_before_it_still_decrypts()
    {
        CopyFresh();
        var (oldCert, oldKey) = (File.ReadAllBytes(Of("ra.crt")), File.ReadAllBytes(Of("ra.key")));
        var ca = File.ReadAllBytes(Of("ca.crt"));
        File.WriteAllText(_parent["plain"], "encrypted to the old RA");
        OpenSsl.Run("cms", "-encrypt", "-aes256", "-in", _parent["plain"], "-outform", "DER", "-out", _parent["message"], Of("ra.crt"));
        _clock.Advance(TimeSpan.FromDays(335) + TimeSpan.FromSeconds(1));

        var renewed = Ensure();

        Assert.Equal(["ra", "ra-sign", "tls"], renewed.Created);
        Assert.Equal([.. RaPair(), new PairPaths(Of("ra-previous.crt"), Of("ra-previous.key"))], renewed.RaPairs);
        Assert.Equal(oldCert, File.ReadAllBytes(Of("ra-previous.crt")));
        Assert.Equal(oldKey, File.ReadAllBytes(Of("ra-previous.key")));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Of("ra-previous.key")));
        Assert.NotEqual(OpenSsl.Run("pkey", "-in", Of("ra-previous.key"), "-pubout"), OpenSsl.Run("pkey", "-in", Of("ra.key"), "-pubout"));
        Assert.Contains(
            "encrypted to the old RA",
            OpenSsl.Run(
                "cms", "-decrypt", "-inform", "DER", "-in", _parent["message"], "-recip", renewed.RaPairs[2].CertPath, "-inkey",
                renewed.RaPairs[2].KeyPath),
            StringComparison.Ordinal);
        Assert.Equal(ca, File.ReadAllBytes(Of("ca.crt")));
        Verify("ra.crt");
        Verify("tls.crt", "-verify_hostname", "localhost");

        // And again nothing, until the previous one has expired: then it is no longer named.
        Assert.Empty(Ensure().Created);
        _clock.Advance(TimeSpan.FromDays(30));
        var later = Ensure();
        Assert.Empty(later.Created);
        Assert.Equal(RaPair(), later.RaPairs);
    }

    [Fact]
    public void One_RA_certificate_for_both_uses_of_an_earlier_version_stays_until_it_is_due_and_a_pair_follows_it()
    {
        CopyFresh();
        File.Delete(Of("ra-sign.crt"));
        File.Delete(Of("ra-sign.key"));
        File.WriteAllText(_parent["ext"], "keyUsage=critical,digitalSignature,keyEncipherment\n");
        OpenSsl.Run("req", "-new", "-key", Of("ra.key"), "-subj", "/CN=Certctl RA", "-out", _parent["csr"]);
        OpenSsl.Run(
            "x509", "-req", "-in", _parent["csr"], "-CA", Of("ca.crt"), "-CAkey", Of("ca.key"), "-set_serial", "77", "-days", "365",
            "-extfile", _parent["ext"], "-out", Of("ra.crt"));

        var before = State();
        var found = Ensure();
        Assert.Empty(found.Created);
        Assert.Equal([new PairPaths(Of("ra.crt"), Of("ra.key"))], found.RaPairs);
        Assert.Equal(before, State());

        using var combined = X509CertificateLoader.LoadCertificateFromFile(Of("ra.crt"));
        _clock.SetUtcNow(new DateTimeOffset(combined.NotAfter.ToUniversalTime()).AddDays(-29));
        var renewed = Ensure();
        Assert.Superset(new HashSet<string> { "ra", "ra-sign" }, renewed.Created.ToHashSet());
        Assert.Equal([.. RaPair(), new PairPaths(Of("ra-previous.crt"), Of("ra-previous.key"))], renewed.RaPairs);
        Assert.Equal(before["ra.crt"], State()["ra-previous.crt"]);
    }

    [Fact]
    public void Keys_are_encrypted_where_there_is_a_passphrase_and_openssl_opens_them_with_it()
    {
        CopyFrom(FreshEncrypted.Value);

        foreach (var name in new[] { "ca", "ra-sign", "ra", "tls" })
        {
            Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", File.ReadAllText(Of(name + ".key")), StringComparison.Ordinal);
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Of(name + ".key")));
            Assert.Equal(
                OpenSsl.Run("x509", "-in", Of(name + ".crt"), "-noout", "-pubkey"),
                OpenSsl.Run("pkey", "-in", Of(name + ".key"), "-passin", "pass:" + Passphrase, "-pubout"));
            Assert.NotEqual(0, OpenSsl.TryRun("pkey", "-in", Of(name + ".key"), "-passin", "pass:wrong", "-noout").Code);
        }

        var before = State();
        Assert.Empty(Ensure(new Secret(Passphrase)).Created);
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData(null, "Set CERTCTL_KEY_PASSPHRASE")]
    [InlineData("not the one of before", "the passphrase is wrong")]
    public void Without_the_passphrase_of_its_keys_a_folder_is_refused_and_left_as_it_is(string? passphrase, string said)
    {
        CopyFrom(FreshEncrypted.Value);
        var before = State();

        var refusal = Assert.Throws<IOException>(() => Ensure(passphrase is null ? null : new Secret(passphrase)));

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Passphrase, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, State());
    }

    [Fact]
    public void A_passphrase_that_comes_later_opens_the_old_folder_and_encrypts_what_is_made_from_then_on()
    {
        CopyFresh();
        File.Delete(Of("tls.key"));

        Assert.Equal(["tls"], Ensure(new Secret(Passphrase)).Created);

        Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(Of("tls.key")), StringComparison.Ordinal);
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", File.ReadAllText(Of("ca.key")), StringComparison.Ordinal);
    }

    [Fact]
    public void No_secret_that_is_made_looks_like_an_option_of_a_command_line() =>
        Assert.DoesNotContain(Enumerable.Range(0, 3000).Select(_ => QuickstartMaterial.NewSecret(24)), secret => secret.StartsWith('-'));

    [Theory]
    [InlineData("ra.crt", "ra")]
    [InlineData("ra.key", "ra")]
    [InlineData("ra-sign.crt", "ra-sign")]
    [InlineData("ra-sign.key", "ra-sign")]
    [InlineData("tls.crt", "tls")]
    [InlineData("tls.key", "tls")]
    [InlineData("challenge", "challenge")]
    [InlineData("api-key", "api-key")]
    public void What_is_missing_is_made_and_nothing_else_is_touched(string file, string made)
    {
        CopyFresh();
        var before = State();
        File.Delete(Of(file));

        Assert.Equal([made], Ensure().Created);

        var after = State();
        Assert.Equal(before.Keys, after.Keys);
        foreach (var (name, content) in before.Where(entry => Path.GetFileNameWithoutExtension(entry.Key) != made))
            Assert.Equal(content, after[name]);
        Assert.NotEqual(before[file], after[file]);
        Verify("ra.crt");
        Verify("tls.crt");
        Assert.Empty(Ensure().Created);
    }

    [Theory]
    [InlineData("challenge")]
    [InlineData("api-key")]
    public void An_empty_secret_is_none(string file)
    {
        CopyFresh();
        File.WriteAllText(Of(file), "\n");

        Assert.Equal([file], Ensure().Created);
        Assert.True(File.ReadAllText(Of(file)).Length > 30);
    }

    [Fact]
    public void A_crash_between_the_CAs_key_and_its_certificate_is_made_good_with_that_key()
    {
        CopyFresh();
        foreach (var name in Names().Where(name => name != "ca.key"))
            File.Delete(Of(name));
        var key = File.ReadAllBytes(Of("ca.key"));

        Assert.Contains("ca", Ensure().Created);

        Assert.Equal(key, File.ReadAllBytes(Of("ca.key")));
        Verify("ra.crt");
        Verify("tls.crt");
    }

    [Fact]
    public void A_folder_that_lost_the_certificate_of_its_CA_is_refused_with_where_to_find_it()
    {
        CopyFresh();
        var lost = File.ReadAllText(Of("ca.crt"));
        File.Delete(Of("ca.crt"));
        var before = State();

        var refusal = Assert.Throws<IOException>(() => Ensure());

        Assert.Contains($"second certificate in {Of("tls.crt")}", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(lost.Trim(), File.ReadAllText(Of("tls.crt")).Trim(), StringComparison.Ordinal);
        Assert.Equal(before, State());
    }

    [Fact]
    public void A_folder_that_lost_the_key_of_its_CA_is_refused()
    {
        CopyFresh();
        File.Delete(Of("ca.key"));
        var before = State();

        Assert.Contains(
            $"{Of("ca.key")}: the private key file does not exist",
            Assert.Throws<IOException>(() => Ensure()).Message,
            StringComparison.Ordinal);
        Assert.Equal(before, State());
    }

    [Fact]
    public void Without_its_CA_a_folder_begins_anew_and_what_the_old_one_signed_is_replaced()
    {
        CopyFresh();
        File.Delete(Of("ca.crt"));
        File.Delete(Of("ca.key"));

        var made = Ensure();

        Assert.Equal(["ca", "ra", "ra-sign", "tls"], made.Created);
        Assert.Equal(RaPair(), made.RaPairs);
        Verify("ra.crt");
        Verify("tls.crt");
    }

    [Theory]
    [InlineData("ca.key")]
    [InlineData("ra.key")]
    [InlineData("tls.crt")]
    public void A_damaged_file_is_refused_by_its_name_and_never_replaced(string file)
    {
        CopyFresh();
        File.WriteAllText(Of(file), "not what it was");
        var before = State();

        Assert.Contains(Of(file), Assert.Throws<IOException>(() => Ensure()).Message, StringComparison.Ordinal);
        Assert.Equal(before, State());
    }

    [Fact]
    public void A_key_that_became_open_to_others_is_refused()
    {
        CopyFresh();
        File.SetUnixFileMode(Of("ca.key"), OwnerOnly | UnixFileMode.OtherRead);

        Assert.Contains("chmod 600", Assert.Throws<IOException>(() => Ensure()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_open_folder_of_ours_or_an_empty_one_is_closed_and_one_with_other_files_is_refused()
    {
        const UnixFileMode Open =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, Open);
        File.WriteAllText(Of("thesis.txt"), "years of work");

        Assert.Contains("open to others", Assert.Throws<IOException>(() => Ensure()).Message, StringComparison.Ordinal);
        Assert.Equal(Open, File.GetUnixFileMode(Folder));
        Assert.Equal(["thesis.txt"], Names());

        File.Delete(Of("thesis.txt"));
        Ensure();
        File.SetUnixFileMode(Folder, Open);
        Assert.Empty(Ensure().Created);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_refused()
    {
        File.WriteAllText(Folder, "");

        Assert.Throws<IOException>(() => Ensure());
    }

    private static TemporaryFolder MakeFolder(Secret? passphrase)
    {
        var folder = new TemporaryFolder();
        QuickstartMaterial.Ensure(folder.Path, "p-256", passphrase, new FakeTimeProvider(Start));
        return folder;
    }

    private PairPaths[] RaPair() => [new(Of("ra-sign.crt"), Of("ra-sign.key")), new(Of("ra.crt"), Of("ra.key"))];

    private QuickstartMaterial Ensure(Secret? passphrase = null) => QuickstartMaterial.Ensure(Folder, "p-256", passphrase, _clock);

    private void CopyFresh() => CopyFrom(Fresh.Value);

    private void CopyFrom(TemporaryFolder source)
    {
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in Directory.GetFiles(source.Path))
            File.Copy(file, Of(Path.GetFileName(file)));
    }

    private string Of(string name) => Path.Combine(Folder, name);

    private IEnumerable<string> Names() => Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    /// <summary>Name, content, mode and time of every file.</summary>
    private SortedDictionary<string, string> State() => new(
        Names().ToDictionary(name => name, name => $"{File.GetUnixFileMode(Of(name))} {File.GetLastWriteTimeUtc(Of(name)):O} "
            + $"{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Of(name))))}"),
        StringComparer.Ordinal);

    private string Text(string certificate) => OpenSsl.Run("x509", "-in", Of(certificate), "-noout", "-text");

    private void Verify(string certificate, params string[] more) => OpenSsl.Run(
    [
        "verify", "-x509_strict", "-attime", _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), "-no-CApath",
        "-no-CAstore", "-CAfile", Of("ca.crt"), .. more, Of(certificate),
    ]);
}
