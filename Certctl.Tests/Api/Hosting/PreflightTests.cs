using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Api.Configuration;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Keys;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// What is looked at before a start: files, modes, pairs, dates. Whatever forbids the start is told with its file, all of it at once.
/// </summary>
public sealed class PreflightTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();
    private readonly KeyPair _ca = TestCa.Root();
    private readonly Dictionary<string, string> _environment = Settings.Complete();

    public PreflightTests()
    {
        Place("CERTCTL_SERVER_TLS", "tls", Tls());
        Place("CERTCTL_CA", "ca", _ca);
        Place("CERTCTL_SCEP_RA", "ra", RaCertificates.Pair(_ca));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Good_files_are_material_with_nothing_to_say()
    {
        var (material, checks) = Run();

        Assert.All(checks, check => Assert.Empty(check.Problems.Concat(check.Warnings)));
        Assert.Equal(["TLS certificate", "CA", $"SCEP profile <root>, RA pair {_folder["ra.crt"]}"], checks.Select(check => check.Name));
        Assert.Equal(_ca.Certificate.RawData, material!.Ca.Certificate.RawData);
        Assert.IsAssignableFrom<RSA>(Assert.Single(material.RaPairs[""]).Key);
    }

    [Fact]
    public void The_policy_legacy_is_warned_about_with_the_path_of_its_profile()
    {
        _environment["CERTCTL_SCEP_CRYPTO_POLICY"] = "legacy";

        var (material, checks) = Run();

        Assert.NotNull(material);
        var warned = Assert.Single(checks, check => check.Warnings.Count > 0);
        Assert.Equal("SCEP profile <root>, crypto policy", warned.Name);
        Assert.StartsWith(
            "CRYPTO_POLICY is legacy: single DES and MD5 are accepted", Assert.Single(warned.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls.crt", "TLS certificate")]
    [InlineData("tls.key", "TLS certificate")]
    [InlineData("ca.crt", "CA")]
    [InlineData("ca.key", "CA")]
    [InlineData("ra.crt", "SCEP profile <root>, RA pair")]
    [InlineData("ra.key", "SCEP profile <root>, RA pair")]
    public void Both_files_of_each_pair_must_be_there(string file, string check)
    {
        File.Delete(_folder[file]);

        var problem = Problem();

        Assert.StartsWith(check, problem, StringComparison.Ordinal);
        Assert.Contains(
            $"{_folder[file]}: the {(file.EndsWith("key", StringComparison.Ordinal) ? "private key" : "certificate")} file does not exist.",
            problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls.key", UnixFileMode.GroupRead)]
    [InlineData("ca.key", UnixFileMode.OtherRead)]
    [InlineData("ra.key", UnixFileMode.GroupWrite)]
    [InlineData("ra.key", UnixFileMode.OtherExecute)]
    [Trait("Conformance", "Z-10")]
    public void A_key_file_that_is_open_to_others_is_refused_with_the_command_that_closes_it(string file, UnixFileMode open)
    {
        File.SetUnixFileMode(_folder[file], OwnerOnly | open);

        Assert.EndsWith($"run: chmod 600 '{_folder[file]}'", Problem(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("ca")]
    [InlineData("ra")]
    public void A_key_of_another_certificate_is_refused(string name)
    {
        WriteKey(name, RaCertificates.AnotherKey);

        Assert.Contains(
            $"{_folder[name + ".key"]}: the private key does not belong to the first certificate (certificate file "
                + $"{_folder[name + ".crt"]})", Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_encrypted_key_opens_with_the_passphrase_alone()
    {
        File.Delete(_folder["ra.key"]);
        KeyFiles.WriteKey(_folder["ra.key"], RaCertificates.Key, new Secret("opens it"));

        Assert.Contains("Set CERTCTL_KEY_PASSPHRASE", Problem(), StringComparison.Ordinal);

        _environment["CERTCTL_KEY_PASSPHRASE"] = "does not open it";
        var problem = Problem();
        Assert.Contains("the passphrase is wrong", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("open it", problem, StringComparison.Ordinal);

        // The keys in the clear beside it are read as before.
        _environment["CERTCTL_KEY_PASSPHRASE"] = "opens it";
        Assert.NotNull(Run().Material);
    }

    [Fact]
    public void A_retired_CA_may_have_expired_and_its_key_be_destroyed_but_not_lost()
    {
        Place("CERTCTL_CA_RETIRED", "retired", TestCa.Root("p-384", notAfter: TestCa.Now));
        var (material, checks) = Run();
        Assert.True(Assert.Single(material!.Retired).HasKey);
        Assert.StartsWith("it expired at", Assert.Single(Assert.Single(checks, check => check.Warnings.Count > 0).Warnings),
            StringComparison.Ordinal);

        Place("CERTCTL_CA_RETIRED", "retired", TestCa.Root("p-384"));
        File.Delete(_folder["retired.key"]);
        Assert.Contains("the private key file does not exist", Problem(), StringComparison.Ordinal);
        _environment["CERTCTL_CA_RETIRED_KEY_PATH"] = "none";
        (material, checks) = Run();
        Assert.False(Assert.Single(material!.Retired).HasKey);
        Assert.StartsWith(
            "it is without its key", Assert.Single(Assert.Single(checks, check => check.Warnings.Count > 0).Warnings),
                StringComparison.Ordinal);

        Place("CERTCTL_CA_RETIRED", "retired", _ca);
        Assert.Contains("it has the key identifier of the CA in use", Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_EC_RA_is_refused_with_the_reason()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Place(
            "CERTCTL_SCEP_RA", "ra", RaCertificates.Pair(_ca, key, X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment));

        Assert.Contains("an EC key cannot decrypt", Problem(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ra", -10, 0, "expired at")]
    [InlineData("ra", 1, 10, "is not valid before")]
    [InlineData("tls", -10, 0, "expired at")]
    [InlineData("tls", 1, 10, "is not valid before")]
    [InlineData("ca", -10, 0, "expired at")]
    [InlineData("ca", 1, 10, "is not valid before")]
    public void A_certificate_outside_its_validity_is_refused(string name, int fromDay, int toDay, string said)
    {
        var (from, to) = (TestCa.Now.AddDays(fromDay), TestCa.Now.AddDays(toDay));
        switch (name)
        {
            case "ra":
                Place("CERTCTL_SCEP_RA", name, RaCertificates.Pair(_ca, notBefore: from, notAfter: to));
                break;
            case "tls":
                Place("CERTCTL_SERVER_TLS", name, Tls(from, to));
                break;
            default:
                // The same key and name, so that the RA is still its own.
                Place("CERTCTL_CA", name, TestCa.Root(notBefore: from, notAfter: to));
                break;
        }

        Assert.Contains(said, Problem(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(X509KeyUsageFlags.DigitalSignature, "no RA certificate has keyEncipherment")]
    [InlineData(X509KeyUsageFlags.KeyEncipherment, "no RA certificate has digitalSignature")]
    public void An_RA_that_can_do_but_half_of_it_is_refused(X509KeyUsageFlags usage, string said)
    {
        Place("CERTCTL_SCEP_RA", "ra", RaCertificates.Pair(_ca, usage: usage));

        Assert.Contains(said, Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_RA_certificates_may_share_the_work_while_both_are_valid()
    {
        var signing = RaCertificates.Pair(_ca, usage: X509KeyUsageFlags.DigitalSignature);
        PlaceRa(("sign", signing), ("encrypt", RaCertificates.Pair(_ca, RaCertificates.AnotherKey, X509KeyUsageFlags.KeyEncipherment)));
        Assert.Equal(2, Run().Material!.RaPairs[""].Count);

        PlaceRa(
            ("sign", signing),
            ("encrypt", RaCertificates.Pair(_ca, RaCertificates.AnotherKey, X509KeyUsageFlags.KeyEncipherment, notAfter: TestCa.Now)));
        Assert.Contains("no RA certificate has keyEncipherment", Problem(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("issuer")]
    [InlineData("chain")]
    public void Where_no_RA_is_shown_the_CA_must_be_the_RA(string shape)
    {
        _environment["CERTCTL_SCEP_GETCACERT"] = shape;
        Assert.Contains("GETCACERT shows the CA and no RA, so the CA must be the RA", Problem(), StringComparison.Ordinal);

        var ca = TestCa.Root("rsa", more: new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | RaCertificates.BothUsages, critical: true));
        Place("CERTCTL_CA", "ca", ca);
        Place("CERTCTL_SCEP_RA", "ra", ca);
        Assert.NotNull(Run().Material);
    }

    [Fact]
    public void An_RA_of_another_CA_is_warned_about_and_used()
    {
        Place("CERTCTL_SCEP_RA", "ra", RaCertificates.Pair(TestCa.Root(subject: "CN=Another CA")));

        var (material, checks) = Run();

        Assert.Single(material!.RaPairs[""]);
        Assert.Contains(
            "was not issued by this profile's CA", Assert.Single(checks.SelectMany(check => check.Warnings)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unusable_CA_does_not_hide_what_is_wrong_with_the_RA()
    {
        File.Delete(_folder["ca.key"]);
        Place("CERTCTL_SCEP_RA", "ra", RaCertificates.Pair(_ca, notAfter: TestCa.Now));

        var (material, checks) = Run();

        Assert.Null(material);
        Assert.Equal(
            ["CA", $"SCEP profile <root>, RA pair {_folder["ra.crt"]}"],
            checks.Where(check => check.Problems.Count > 0).Select(check => check.Name));
    }

    [Fact]
    public void A_certificate_that_is_no_CA_is_refused()
    {
        Place("CERTCTL_CA", "ca", TestCa.Root(
            more: new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true)));

        Assert.Contains("basicConstraints", Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_CA_check_only_warns_of_is_a_warning_here()
    {
        Place("CERTCTL_CA", "ca", TestCa.Root(more: new X509Extension("2.5.29.14", [], critical: false)));

        var (material, problems, warnings) = Preflight.Load(_environment.Options(), TestCa.Now);

        Assert.NotNull(material);
        Assert.Empty(problems);
        Assert.StartsWith("CA: it has no subjectKeyIdentifier", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_TLS_certificate_near_its_end_or_without_a_host_name_is_warned_about()
    {
        Place("CERTCTL_SERVER_TLS", "tls", Tls(to: TestCa.Now.AddDays(30), host: false));

        var (material, checks) = Run();

        Assert.NotNull(material);
        Assert.Collection(
            checks[0].Warnings,
            expiry => Assert.Contains("renew it and send SIGHUP", expiry, StringComparison.Ordinal),
            name => Assert.Contains("subjectAltName", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Of_several_RA_pairs_those_outside_their_validity_are_warned_about_and_left_out()
    {
        PlaceRa(
            ("new", RaCertificates.Pair(_ca)),
            ("old", RaCertificates.Pair(_ca, RaCertificates.AnotherKey, notAfter: TestCa.Now)),
            ("next", RaCertificates.Pair(_ca, RaCertificates.AnotherKey, notBefore: TestCa.Now.AddDays(1))));

        var (material, checks) = Run();

        Assert.Equal(
            RaCertificates.Key.ExportSubjectPublicKeyInfo(),
            Assert.Single(material!.RaPairs[""]).Certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(
            ["old", "next"],
            checks.Where(check => check.Warnings.Any(warning => warning.Contains("is not used", StringComparison.Ordinal)))
                .Select(check => Path.GetFileNameWithoutExtension(check.Name)));
    }

    [Fact]
    public void Of_several_RA_pairs_one_must_be_valid()
    {
        PlaceRa(
            ("old", RaCertificates.Pair(_ca, notAfter: TestCa.Now)),
            ("older", RaCertificates.Pair(_ca, RaCertificates.AnotherKey, notAfter: TestCa.Now.AddHours(-1))));

        Assert.Contains("none of the RA certificates is valid now", Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_unreadable_pair_among_several_is_a_problem_all_the_same()
    {
        PlaceRa(("new", RaCertificates.Pair(_ca)), ("old", RaCertificates.Pair(_ca, RaCertificates.AnotherKey)));
        File.Delete(_folder["old.key"]);

        Assert.Contains(_folder["old.key"], Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_named_profile_has_its_own_check()
    {
        Place("CERTCTL_SCEP_RA", "iot", RaCertificates.Pair(_ca, RaCertificates.AnotherKey));
        var environment = Settings.Structured().With("CERTCTL_SCEP_PROFILES", "corp,iot").AddProfile("IOT");
        foreach (var (name, value) in _environment.Where(pair => !pair.Key.StartsWith("CERTCTL_SCEP_", StringComparison.Ordinal)))
            environment[name] = value;
        foreach (var (token, file) in new[] { ("CORP", "absent"), ("IOT", "iot") })
        {
            environment[$"CERTCTL_SCEP_PROFILE_{token}_RA_CERT_PATH"] = _folder[file + ".crt"];
            environment[$"CERTCTL_SCEP_PROFILE_{token}_RA_KEY_PATH"] = _folder[file + ".key"];
        }

        var (material, checks) = Preflight.Run(environment.Options(), TestCa.Now);

        Assert.Null(material);
        Assert.Equal(
            $"SCEP profile \"corp\", RA pair {_folder["absent.crt"]}", Assert.Single(checks, check => check.Problems.Count > 0).Name);
    }

    [Fact]
    public void A_staged_CA_is_material_of_its_own()
    {
        var next = Stage();

        var (material, checks) = Run();

        Assert.All(checks, check => Assert.Empty(check.Problems.Concat(check.Warnings)));
        Assert.Equal(next.Certificate.RawData, material!.Next!.Ca.Certificate.RawData);
        Assert.Equal(
            RaCertificates.AnotherKey.ExportSubjectPublicKeyInfo(),
            Assert.Single(material.Next.RaPairs[""]).Certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(
            RaCertificates.Key.ExportSubjectPublicKeyInfo(),
            Assert.Single(material.RaPairs[""]).Certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void A_staged_CA_is_looked_at_like_the_one_in_use()
    {
        Stage();
        Place("CERTCTL_CA_NEXT", "next", TestCa.Root(subject: "CN=Next", notBefore: TestCa.Now.AddDays(1)));
        File.Delete(_folder["next-ra.key"]);

        var (material, problems, _) = Preflight.Load(_environment.Options(), TestCa.Now);

        Assert.Null(material);
        Assert.Equal(
            ["next CA", $"SCEP profile <root>, next RA pair {_folder["next-ra.crt"]}"], problems.Select(problem => problem.Split(": ")[0]));
        Assert.Contains("it is not valid before", problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_CA_in_use_cannot_follow_itself()
    {
        Stage();
        Place("CERTCTL_CA_NEXT", "next", _ca);

        Assert.Contains(
            Preflight.Load(_environment.Options(), TestCa.Now).Problems,
            problem => problem.StartsWith("next CA: it is the CA in use", StringComparison.Ordinal));
    }

    [Fact]
    public void An_RA_key_serves_one_CA()
    {
        var next = Stage();
        Place("CERTCTL_SCEP_NEXT_RA", "next-ra", RaCertificates.Pair(next));

        Assert.Contains("has the key of an RA in use", Problem(), StringComparison.Ordinal);
    }

    private KeyPair Stage()
    {
        var next = TestCa.Root("p-384", "CN=Next");
        Place("CERTCTL_CA_NEXT", "next", next);
        Place("CERTCTL_SCEP_NEXT_RA", "next-ra", RaCertificates.Pair(next, RaCertificates.AnotherKey));
        return next;
    }

    [Theory]
    [InlineData("DNS", null, null, "https://pki.example.com:8080", "by plain http alone")]
    [InlineData("*DNS", null, null, "https://pki.example.com:8080", "by plain http alone")]
    [InlineData("IP", null, null, "https://192.0.2.7:8080", "by plain http alone")]
    [InlineData("IP6", null, null, "https://[2001:db8::7]:8080", "by plain http alone")]
    [InlineData("DNS", "443", null, "https://pki.example.com", "by plain http alone")]
    [InlineData("DNS", "0", null, null, "the port, 0, is another one after each start")]
    [InlineData("DNS", "8443", "8080", "http://pki.example.com:8080", null)]
    [InlineData("DNS", "8443", "80", "http://pki.example.com", null)]
    [InlineData("DNS", "8443", "0", null, "the port, 0, is another one after each start")]
    [InlineData("localhost", "8443", "8080", "http://localhost:8080", "which every other machine takes for itself")]
    public void Publication_is_under_the_name_of_the_TLS_certificate(
        string names, string? port, string? plain, string? expected, string? warning)
    {
        _environment["CERTCTL_SERVER_HOST"] = "0.0.0.0";
        Place("CERTCTL_SERVER_TLS", "tls", TlsFor(names));
        _environment["CERTCTL_SERVER_PORT"] = port ?? "8080";
        _environment["CERTCTL_PUBLICATION_PORT"] = plain ?? "";

        var (material, checks) = Run();

        Assert.Equal(expected, material!.PublicationUrl);
        var warnings = checks.SelectMany(check => check.Warnings).ToList();
        Assert.Equal(warning is null ? 0 : 1, warnings.Count);
        Assert.All(warnings, text => Assert.Contains(warning!, text, StringComparison.Ordinal));
        Assert.All(warnings, text => Assert.Contains("set CERTCTL_PUBLICATION_BASE_URL", text, StringComparison.Ordinal));

        // Both are a decision, and so is a server that this machine alone reaches.
        _environment["CERTCTL_PUBLICATION_BASE_URL"] = "none";
        (material, checks) = Run();
        Assert.Null(material!.PublicationUrl);
        Assert.All(checks, check => Assert.Empty(check.Warnings));
        _environment.Remove("CERTCTL_PUBLICATION_BASE_URL");
        _environment["CERTCTL_SERVER_HOST"] = "127.0.0.1";
        Assert.Equal(
            warning?.Contains("http alone", StringComparison.Ordinal) == true, Run().Checks.Any(check => check.Warnings.Count > 0));
    }

    [Fact]
    public void The_folder_of_responder_keys_is_there_writable_and_private()
    {
        _environment["CERTCTL_OCSP_RESPONDER_KEY_DIR"] = _folder["responders"];
        Assert.Contains($"run: mkdir -m 700 '{_folder["responders"]}'", Found().Problems.Single(), StringComparison.Ordinal);

        var folder = Directory.CreateDirectory(_folder["responders"]);
        folder.UnixFileMode = (UnixFileMode)0b111_000_000;
        Assert.Empty(Found().Problems.Concat(Found().Warnings));
        Assert.Empty(folder.EnumerateFileSystemInfos());
        folder.UnixFileMode = (UnixFileMode)0b111_111_101;
        Assert.Contains($"run: chmod 700 '{folder.FullName}'", Found().Warnings.Single(), StringComparison.Ordinal);

        // No account can make a file there.
        _environment["CERTCTL_OCSP_RESPONDER_KEY_DIR"] = "/proc";
        Assert.Contains("no file can be made in it", Found().Problems.Single(), StringComparison.Ordinal);

        PreflightCheck Found() => Assert.Single(
            Run().Checks, check => check.Name == $"folder of OCSP responder keys {_environment["CERTCTL_OCSP_RESPONDER_KEY_DIR"]}");
    }

    [Theory]
    [InlineData("*")]
    [InlineData("none")]
    public void Without_a_name_certificates_carry_no_URLs_and_that_is_told(string names)
    {
        Place("CERTCTL_SERVER_TLS", "tls", TlsFor(names));
        var (material, checks) = Run();
        Assert.Null(material!.PublicationUrl);
        Assert.Contains(
            "set CERTCTL_PUBLICATION_BASE_URL", Assert.Single(checks, check => check.Name == "publication").Warnings.Single(),
            StringComparison.Ordinal);

        _environment["CERTCTL_PUBLICATION_BASE_URL"] = "http://pki.example.com/ca/";
        (material, checks) = Run();
        Assert.Equal("http://pki.example.com/ca", material!.PublicationUrl);
        Assert.DoesNotContain(checks, check => check.Name == "publication");

        // Who names both URLs needs no others.
        _environment.Remove("CERTCTL_PUBLICATION_BASE_URL");
        _environment["CERTCTL_CA_CRL_URLS"] = "http://crl.example.com/ca.crl";
        _environment["CERTCTL_CA_OCSP_URL"] = "http://ocsp.example.com";
        Assert.DoesNotContain(Run().Checks, check => check.Name == "publication");
    }

    [Fact]
    public void Everything_is_looked_at_whatever_the_first_check_says()
    {
        foreach (var file in new[] { "tls.key", "ca.crt", "ra.key" })
            File.Delete(_folder[file]);
        _environment["CERTCTL_SERVER_HOST"] = "no-such-host.invalid";

        var (material, problems, _) = Preflight.Load(_environment.Options(), TestCa.Now);

        Assert.Null(material);
        Assert.Equal(
            ["listen address", "TLS certificate", "CA", "SCEP profile <root>, RA pair " + _folder["ra.crt"]],
            problems.Select(problem => problem.Split(": ")[0]));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::", "::")]
    [InlineData("localhost", null)]
    public void The_host_is_an_address_or_resolves_to_one(string host, string? address)
    {
        _environment["CERTCTL_SERVER_HOST"] = host;

        var material = Run().Material;

        Assert.True(address is null ? System.Net.IPAddress.IsLoopback(material!.Address) : address == material!.Address.ToString());
    }

    // A wildcard alone; or a name or an address, behind a wildcard or not.
    private static KeyPair TlsFor(string kind)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (kind.StartsWith('*'))
            names.AddDnsName("*.example.com");
        if (kind.EndsWith("DNS", StringComparison.Ordinal))
            names.AddDnsName("pki.example.com");
        if (kind == "IP6")
            names.AddIpAddress(IPAddress.Parse("2001:db8::7"));
        if (kind == "localhost")
            names.AddDnsName("localhost");
        if (kind is "IP" or "*DNS")
            names.AddIpAddress(IPAddress.Parse("192.0.2.7"));
        return Tls(kind == "none" ? null : names);
    }

    private static KeyPair Tls(DateTimeOffset? from = null, DateTimeOffset? to = null, bool host = true)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        return Tls(host ? names : null, from, to);
    }

    private static KeyPair Tls(SubjectAlternativeNameBuilder? names, DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        var key = (ECDsa)TestCa.Key("p-384");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        if (names is not null)
            request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from ?? TestCa.Now.AddDays(-20), to ?? TestCa.Now.AddDays(31),
            RandomNumberGenerator.GetBytes(8));
        return new KeyPair(X509CertificateLoader.LoadCertificate(certificate.RawData), key, []);
    }

    private (PreflightMaterial? Material, IReadOnlyList<PreflightCheck> Checks) Run() => Preflight.Run(_environment.Options(), TestCa.Now);

    private string Problem()
    {
        var (material, problems, _) = Preflight.Load(_environment.Options(), TestCa.Now);
        Assert.Null(material);
        return Assert.Single(problems);
    }

    private void PlaceRa(params (string Name, KeyPair Pair)[] pairs)
    {
        foreach (var (name, pair) in pairs)
            Place("CERTCTL_SCEP_RA", name, pair);
        _environment["CERTCTL_SCEP_RA_CERT_PATH"] = string.Join(',', pairs.Select(pair => _folder[pair.Name + ".crt"]));
        _environment["CERTCTL_SCEP_RA_KEY_PATH"] = string.Join(',', pairs.Select(pair => _folder[pair.Name + ".key"]));
    }

    private void Place(string prefix, string name, KeyPair pair)
    {
        File.WriteAllText(
            _folder[name + ".crt"],
            string.Concat(pair.Chain.Prepend(pair.Certificate).Select(certificate => certificate.ExportCertificatePem() + "\n")));
        WriteKey(name, pair.Key);
        _environment[prefix + "_CERT_PATH"] = _folder[name + ".crt"];
        _environment[prefix + "_KEY_PATH"] = _folder[name + ".key"];
    }

    private void WriteKey(string name, AsymmetricAlgorithm key)
    {
        File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(_folder[name + ".key"], OwnerOnly);
    }
}
