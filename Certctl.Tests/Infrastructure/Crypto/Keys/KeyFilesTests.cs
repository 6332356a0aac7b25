using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

public sealed class KeyFilesTests : IDisposable
{
    private const string Passphrase = "päss-phrase-1";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Made by openssl once a run: RSA and EC keys in each shape, with a self-signed certificate each.
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> Material = new(MakeMaterial);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rsa.crt", "rsa.pkcs8", false)]
    [InlineData("rsa.crt", "rsa.pkcs1", false)]
    [InlineData("rsa.crt", "rsa.encrypted", true)]
    [InlineData("ec.crt", "ec.pkcs8", false)]
    [InlineData("ec.crt", "ec.sec1", false)]
    [InlineData("ec.crt", "ec.encrypted", true)]
    public void Keys_in_every_shape_that_openssl_writes_are_read(string certificate, string key, bool encrypted)
    {
        var (pair, problems) = KeyFiles.LoadPair(Place(certificate), Place(key), encrypted ? new Secret(Passphrase) : null);

        Assert.Empty(problems);
        using (pair)
        {
            Assert.Equal("CN=key files", pair!.Certificate.Subject);
            Assert.False(pair.Certificate.HasPrivateKey);
            Assert.Empty(pair.Chain);
            if (key.StartsWith("rsa", StringComparison.Ordinal))
                Assert.IsType<RSAOpenSsl>(pair.Key);
            else
                Assert.IsType<ECDsaOpenSsl>(pair.Key);
        }
    }

    [Fact]
    public void Further_certificates_come_in_file_order()
    {
        var path = _folder["chain.pem"];
        File.WriteAllBytes(
            path, [.. Material.Value["rsa.crt"], .. "text between\n"u8, .. Material.Value["ec.crt"], .. Material.Value["other.crt"]]);

        var (pair, problems) = KeyFiles.LoadPair(path, Place("rsa.pkcs8"), null);

        Assert.Empty(problems);
        using (pair)
            Assert.Equal(["CN=key files", "CN=other"], pair!.Chain.Select(c => c.Subject));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherExecute)]
    public void A_key_open_to_others_is_not_read(UnixFileMode extra)
    {
        var key = Place("rsa.pkcs8");
        File.SetUnixFileMode(key, OwnerOnly | extra);

        var problem = Assert.Single(Problems(Place("rsa.crt"), key));

        Assert.Contains(key, problem, StringComparison.Ordinal);
        Assert.Contains("chmod 600", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_wrong_is_told_in_one_go()
    {
        var problems = Problems(_folder["absent.crt"], _folder["absent.key"]);

        Assert.Equal(2, problems.Count);
        Assert.Contains(
            problems, p => p.Contains("absent.crt", StringComparison.Ordinal) && p.Contains("does not exist", StringComparison.Ordinal));
        Assert.Contains(
            problems, p => p.Contains("absent.key", StringComparison.Ordinal) && p.Contains("does not exist", StringComparison.Ordinal));
    }

    [Fact]
    public void An_encrypted_key_without_passphrase_names_the_variable() =>
        Assert.Contains(
            "CERTCTL_KEY_PASSPHRASE", Assert.Single(Problems(Place("rsa.crt"), Place("rsa.encrypted"))), StringComparison.Ordinal);

    [Fact]
    public void A_wrong_passphrase_is_told_without_the_passphrase()
    {
        var problem = Assert.Single(Problems(Place("rsa.crt"), Place("rsa.encrypted"), new Secret("not-this-one")));

        Assert.Contains("passphrase is wrong", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("not-this-one", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ec.crt", "rsa.pkcs8")]
    [InlineData("other.crt", "ec.pkcs8")]
    public void A_key_of_another_certificate_is_refused(string certificate, string key) =>
        Assert.Contains("does not belong", Assert.Single(Problems(Place(certificate), Place(key))), StringComparison.Ordinal);

    [Theory]
    [InlineData("rsa.crt", "no private key")]
    [InlineData("ed25519.pkcs8", "1.3.101.112 is not supported")]
    [InlineData("rsa.old-encrypted", "old format")]
    public void A_file_without_a_key_of_ours_says_what_is_the_matter(string key, string expected)
    {
        var path = Place(key);
        File.SetUnixFileMode(path, OwnerOnly);
        Assert.Contains(expected, Assert.Single(Problems(Place("ec.crt"), path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_in_one_file_are_refused()
    {
        var path = PlaceBytes("two.key", [.. Material.Value["rsa.pkcs8"], .. Material.Value["ec.sec1"]]);
        Assert.Contains("several private keys", Assert.Single(Problems(Place("rsa.crt"), path)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_key_is_told_without_its_content()
    {
        var pem = System.Text.Encoding.ASCII.GetString(Material.Value["rsa.pkcs8"]);
        var line = pem.Split('\n')[3];
        var path = PlaceBytes("damaged.key", System.Text.Encoding.ASCII.GetBytes(pem.Replace(line + "\n", "", StringComparison.Ordinal)));

        var problem = Assert.Single(Problems(Place("rsa.crt"), path));

        Assert.Contains("does not parse", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(pem.Split('\n')[4], problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_block_that_is_cut_off_or_garbage_is_found()
    {
        var certificate = Material.Value["rsa.crt"];
        var cut = PlaceBytes("cut.crt", [.. certificate, .. certificate[..(certificate.Length / 2)]]);
        var garbage = PlaceBytes("garbage.crt", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"u8.ToArray());
        var der = PlaceBytes("der.crt", [0x30, 0x03, 0x02, 0x01, 0x01]);

        Assert.Contains("cut off", Assert.Single(Problems(cut, Place("rsa.pkcs8"))), StringComparison.Ordinal);
        Assert.Contains("block 1 is not a certificate", Assert.Single(Problems(garbage, Place("rsa.pkcs8"))), StringComparison.Ordinal);
        Assert.Contains("no CERTIFICATE block", Assert.Single(Problems(der, Place("rsa.pkcs8"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rsa.p12", "it is PKCS#12")]
    [InlineData("rsa.der", "it is DER")]
    [InlineData("rsa.p7b", "it holds PKCS#7")]
    [InlineData("rsa.p7c", "it is PKCS#7")]
    [InlineData("rsa.csr", "it holds a certificate request")]
    [InlineData("rsa.pkcs8", "are the paths of certificate and key swapped?")]
    [InlineData("rsa.keyder", "are the paths of certificate and key swapped?")]
    [InlineData("rsa.utf16", "it is UTF-16")]
    [InlineData("rsa.utf16be", "it is UTF-16")]
    [InlineData("rsa.trusted", "TRUSTED CERTIFICATE")]
    public void A_certificate_file_of_another_kind_is_named_with_the_command_that_mends_it(string file, string expected)
    {
        var path = Place(file);

        var problem = Assert.Single(Problems(path, Place("ec.pkcs8")));

        Assert.Contains(expected, problem, StringComparison.OrdinalIgnoreCase);
        if (Command(problem) is not { } command)
            return;
        Repair(path, command, "-passin pass:secret");
        var (certificates, problems) = KeyFiles.LoadCertificates(path + ".pem");
        Assert.Empty(problems);
        Assert.Equal("CN=key files", certificates[0].Subject);
    }

    [Theory]
    [InlineData("rsa.p12", "it is PKCS#12")]
    [InlineData("rsa.keyder", "it is DER")]
    [InlineData("rsa.encryptedder", "it is DER")]
    [InlineData("rsa.crt", "are the paths of certificate and key swapped?")]
    [InlineData("rsa.der", "it holds a certificate in DER")]
    [InlineData("rsa.public", "it holds the public key alone")]
    [InlineData("rsa.keyutf16", "it is UTF-16")]
    public void A_key_file_of_another_kind_is_named_with_the_command_that_mends_it(string file, string expected)
    {
        var path = Place(file);

        var problem = Assert.Single(Problems(Place("rsa.crt"), path));

        Assert.Contains(expected, problem, StringComparison.OrdinalIgnoreCase);
        if (Command(problem) is not { } command)
            return;
        Repair(path, command, file == "rsa.p12" ? "-passin pass:secret" : $"-passin 'pass:{Passphrase}'");
        File.SetUnixFileMode(path + ".pem", OwnerOnly);
        var (pair, problems) = KeyFiles.LoadPair(Place("rsa.crt"), path + ".pem", null);
        Assert.Empty(problems);
        pair!.Dispose();
    }

    [Fact]
    public void A_mark_of_UTF8_before_PEM_is_passed_over()
    {
        byte[] mark = [0xEF, 0xBB, 0xBF];
        var (pair, problems) = KeyFiles.LoadPair(
            PlaceBytes("marked.crt", [.. mark, .. Material.Value["rsa.crt"]]),
            PlaceBytes("marked.key", [.. mark, .. Material.Value["rsa.pkcs8"]]),
            null);

        Assert.Empty(problems);
        pair!.Dispose();
    }

    [Fact]
    public void Line_ends_of_Windows_are_as_good_as_ours()
    {
        byte[] Windows(string name) =>
            System.Text.Encoding.ASCII.GetBytes(System.Text.Encoding.ASCII.GetString(Material.Value[name]).ReplaceLineEndings("\r\n"));
        var (pair, problems) = KeyFiles.LoadPair(
            PlaceBytes("windows.crt", Windows("rsa.crt")), PlaceBytes("windows.key", Windows("rsa.pkcs8")), null);

        Assert.Empty(problems);
        pair!.Dispose();
    }

    [Fact]
    public void A_bundle_in_the_wrong_order_is_told_which_certificate_comes_first()
    {
        var bundle = PlaceBytes("bundle.crt", [.. Material.Value["other.crt"], .. Material.Value["ec.crt"], .. Material.Value["rsa.crt"]]);

        Assert.Contains(
            "belongs to certificate 3 of the file, CN=key files. Put that one first",
            Assert.Single(Problems(bundle, Place("rsa.pkcs8"))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_told_from_a_file() =>
        Assert.All(Problems(_folder.Path, _folder.Path), problem => Assert.Contains("it is a folder", problem, StringComparison.Ordinal));

    [Theory]
    [InlineData(null)]
    [InlineData(Passphrase)]
    public void A_written_key_has_mode_0600_and_openssl_reads_it(string? passphrase)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var path = _folder["new.key"];

        KeyFiles.WriteKey(path, key, passphrase is null ? null : new Secret(passphrase));

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        var publicKey = OpenSsl.Run("pkey", "-in", path, "-pubout", "-passin", $"pass:{passphrase}");
        Assert.Equal(key.ExportSubjectPublicKeyInfoPem(), publicKey.Trim());
        Assert.Equal(
            passphrase is not null, File.ReadAllText(path).StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal));
    }

    [Fact]
    public void An_encrypted_key_uses_aes_256_and_600_000_rounds_of_sha_256()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyFiles.WriteKey(_folder["new.key"], key, new Secret(Passphrase));

        var structure = OpenSsl.Run("asn1parse", "-in", _folder["new.key"]);

        Assert.Contains(":PBKDF2", structure, StringComparison.Ordinal);
        Assert.Contains(":hmacWithSHA256", structure, StringComparison.Ordinal);
        Assert.Contains(":aes-256-cbc", structure, StringComparison.Ordinal);
        Assert.Contains($":{600_000:X6}", structure, StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_key_is_never_overwritten()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var path = PlaceBytes("there.key", [1, 2, 3]);

        Assert.Throws<IOException>(() => KeyFiles.WriteKey(path, key, null));

        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void Certificates_are_replaced_in_whole_and_leave_nothing_beside()
    {
        var path = PlaceBytes("ca.crt", [1]);
        using var first = X509CertificateLoader.LoadCertificate(Material.Value["rsa.crt"]);
        using var second = X509CertificateLoader.LoadCertificate(Material.Value["other.crt"]);

        KeyFiles.WriteCertificates(path, [first, second]);

        var back = new X509Certificate2Collection();
        back.ImportFromPemFile(path);
        Assert.Equal([first.RawData, second.RawData], back.Select(c => c.RawData));
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    // What stands behind a colon and begins as one of the tools does; null where the sentence names no command.
    private static string? Command(string problem) =>
        new[] { "openssl ", "iconv " }.Select(tool => problem.IndexOf(": " + tool, StringComparison.Ordinal))
            .Where(at => at > 0).Select(at => problem[(at + 2)..]).FirstOrDefault();

    // The operator would type the passphrase.
    private static void Repair(string path, string command, string passphrase)
    {
        if (command.Contains("pkcs12", StringComparison.Ordinal) || command.Contains("pkey -inform", StringComparison.Ordinal))
            command = command.Replace($"-in '{path}'", $"-in '{path}' {passphrase}", StringComparison.Ordinal);
        ExternalTool.Run("sh", "-euc", command).MustSucceed();
    }

    private static IReadOnlyList<string> Problems(string certificate, string key, Secret? passphrase = null)
    {
        var (pair, problems) = KeyFiles.LoadPair(certificate, key, passphrase);
        Assert.Null(pair);
        return problems;
    }

    private string Place(string name) => PlaceBytes(name, Material.Value[name]);

    private string PlaceBytes(string name, byte[] content)
    {
        File.WriteAllBytes(_folder[name], content);
        File.SetUnixFileMode(_folder[name], OwnerOnly);
        return _folder[name];
    }

    private static Dictionary<string, byte[]> MakeMaterial()
    {
        using var folder = new TemporaryFolder();
        string[] encrypt = ["-topk8", "-v2", "aes-256-cbc", "-passout", $"pass:{Passphrase}"];
        OpenSsl.Run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", folder["rsa.pkcs8"]);
        OpenSsl.Run("rsa", "-in", folder["rsa.pkcs8"], "-traditional", "-out", folder["rsa.pkcs1"]);
        OpenSsl.Run(
            "rsa", "-in", folder["rsa.pkcs8"], "-traditional", "-aes128", "-passout", "pass:old", "-out", folder["rsa.old-encrypted"]);
        OpenSsl.Run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder["ec.pkcs8"]);
        OpenSsl.Run("ecparam", "-name", "prime256v1", "-out", folder["parameters"]);
        OpenSsl.Run("ec", "-in", folder["ec.pkcs8"], "-out", folder["ec.bare"]);
        File.WriteAllText(folder["ec.sec1"], File.ReadAllText(folder["parameters"]) + File.ReadAllText(folder["ec.bare"]));
        OpenSsl.Run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder["other.pkcs8"]);
        OpenSsl.Run("genpkey", "-algorithm", "ED25519", "-out", folder["ed25519.pkcs8"]);
        foreach (var kind in new[] { "rsa", "ec" })
        {
            OpenSsl.Run(["pkcs8", .. encrypt, "-in", folder[$"{kind}.pkcs8"], "-out", folder[$"{kind}.encrypted"]]);
            OpenSsl.Run("req", "-x509", "-new", "-key", folder[$"{kind}.pkcs8"], "-subj", "/CN=key files", "-out", folder[$"{kind}.crt"]);
        }

        OpenSsl.Run("req", "-x509", "-new", "-key", folder["other.pkcs8"], "-subj", "/CN=other", "-out", folder["other.crt"]);
        MakeOtherKinds(folder);
        return Directory.GetFiles(folder.Path).ToDictionary(path => Path.GetFileName(path)!, File.ReadAllBytes);
    }

    // Files that operators offer where PEM is expected.
    private static void MakeOtherKinds(TemporaryFolder folder)
    {
        OpenSsl.Run(
            "pkcs12", "-export", "-inkey", folder["rsa.pkcs8"], "-in", folder["rsa.crt"], "-passout", "pass:secret", "-out",
            folder["rsa.p12"]);
        OpenSsl.Run("x509", "-in", folder["rsa.crt"], "-outform", "DER", "-out", folder["rsa.der"]);
        OpenSsl.Run("x509", "-in", folder["rsa.crt"], "-trustout", "-out", folder["rsa.trusted"]);
        OpenSsl.Run("crl2pkcs7", "-nocrl", "-certfile", folder["rsa.crt"], "-out", folder["rsa.p7b"]);
        OpenSsl.Run("crl2pkcs7", "-nocrl", "-certfile", folder["rsa.crt"], "-outform", "DER", "-out", folder["rsa.p7c"]);
        OpenSsl.Run("req", "-new", "-key", folder["rsa.pkcs8"], "-subj", "/CN=key files", "-out", folder["rsa.csr"]);
        OpenSsl.Run("pkey", "-in", folder["rsa.pkcs8"], "-outform", "DER", "-out", folder["rsa.keyder"]);
        OpenSsl.Run("pkey", "-in", folder["rsa.pkcs8"], "-pubout", "-out", folder["rsa.public"]);
        OpenSsl.Run(
            "pkcs8", "-topk8", "-in", folder["rsa.pkcs8"], "-outform", "DER", "-v2", "aes-256-cbc", "-passout", $"pass:{Passphrase}",
            "-out", folder["rsa.encryptedder"]);
        File.WriteAllText(folder["rsa.utf16"], File.ReadAllText(folder["rsa.crt"]), System.Text.Encoding.Unicode);
        File.WriteAllText(folder["rsa.utf16be"], File.ReadAllText(folder["rsa.crt"]), System.Text.Encoding.BigEndianUnicode);
        File.WriteAllText(
            folder["rsa.keyutf16"],
            File.ReadAllText(folder["rsa.pkcs8"]),
            new System.Text.UnicodeEncoding(bigEndian: false, byteOrderMark: false));
    }
}
