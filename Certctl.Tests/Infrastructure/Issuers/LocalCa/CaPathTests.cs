using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>
/// A CA below a root that was cross-signed or renewed: which certificates of its file are handed out, in any order of the file.
/// </summary>
public sealed class CaPathTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Now = TestCa.Now;
    private static readonly ECDsa Key = (ECDsa)TestCa.Key("p-384");
    private static readonly ECDsa NewKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa OldKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static readonly Dictionary<string, X509Certificate2> Certificates = new()
    {
        ["root"] = Make("CN=New Root", NewKey, "CN=New Root", NewKey, -100, 7000),
        ["expired edition"] = Make("CN=New Root", NewKey, "CN=New Root", NewKey, -4000, -5),
        ["short edition"] = Make("CN=New Root", NewKey, "CN=New Root", NewKey, -100, 50),
        ["coming edition"] = Make("CN=New Root", NewKey, "CN=New Root", NewKey, 10, 9000),
        ["cross"] = Make("CN=New Root", NewKey, "CN=Old Root", OldKey, -800, 1000),
        ["expired cross"] = Make("CN=New Root", NewKey, "CN=Old Root", OldKey, -800, -30),
        ["old root"] = Make("CN=Old Root", OldKey, "CN=Old Root", OldKey, -4000, 500),
        ["expired old root"] = Make("CN=Old Root", OldKey, "CN=Old Root", OldKey, -4000, -30),
        ["no CA"] = Make("CN=New Root", NewKey, "CN=New Root", NewKey, -100, 8000, isCa: false),
        ["stranger"] = Make("CN=Stranger", OldKey, "CN=Stranger", OldKey, -100, 9000),
    };

    private static readonly KeyPair Issuing = new(Make("CN=Issuing", Key, "CN=New Root", NewKey, -50, 3000), Key, []);

    /// <summary>File, path, what is handed out besides, and what is warned about.</summary>
    public static TheoryData<string, string, string, string> Files => new()
    {
        { "expired cross, expired old root, root", "root", "", "expired cross, expired old root" },
        { "expired edition, root", "root", "", "expired edition" },
        { "cross, root", "root", "cross", "" },
        { "cross, old root, root", "root", "cross, old root", "" },
        { "cross, old root", "cross, old root", "", "" },
        { "cross, expired old root", "cross", "", "expired old root" },
        { "cross, old root, expired edition", "cross, old root", "", "expired edition" },
        { "short edition, root, coming edition", "root", "short edition", "coming edition" },
        { "expired edition, expired cross", "", "", "expired edition, expired cross" },
        { "stranger, no CA, root", "root", "", "stranger, no CA" },
        { "root, root", "root", "", "" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_valid_is_handed_out_the_root_first_and_the_rest_is_named_in_whatever_order_the_file_has_it(
        string file, string path, string besides, string unused)
    {
        foreach (var order in Permutations(Named(file)))
        {
            var ca = Issuing with { Chain = order };
            Assert.Equal(
                [Issuing.Certificate.RawData, .. Named(path).Select(one => one.RawData)],
                LocalCaIssuer.ChainOf(ca, Now).Select(der => der.ToArray()));
            Assert.Equal(
                [Issuing.Certificate.RawData, .. Named(path).Concat(Named(besides)).Select(one => one.RawData)],
                LocalCaIssuer.PublishedOf(ca, Now).Select(der => der.ToArray()));
            var warnings = LocalCaIssuer.Check(ca, Now);
            Assert.Equal(
                Named(unused).Select(Serial).Order(), warnings.Select(warning => warning.Split("serial number ")[1].Split(',')[0]).Order());
            Assert.All(warnings, warning => Assert.StartsWith("warning: its file holds CN=", warning, StringComparison.Ordinal));
            Assert.All(Named(unused).Where(one => one.NotAfter.ToUniversalTime() < Now.UtcDateTime), expired =>
                Assert.Contains(
                    $"which expired at {expired.NotAfter.ToUniversalTime():O}; it is not handed out",
                    warnings.Single(warning => warning.Contains(Serial(expired), StringComparison.Ordinal)),
                    StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_client_finds_the_same_path_in_whatever_order_the_server_sends_them(
        string file, string path, string besides, string unused)
    {
        _ = (besides, unused);
        foreach (var order in Permutations(Named(file)))
        {
            X509Certificate2[] bag = [.. order, Issuing.Certificate];
            var found = CertificatePath.Find(Issuing.Certificate, bag, [Issuing.Certificate], Now)!;
            Assert.Equal(
                [Issuing.Certificate.RawData, .. Named(path).Select(one => one.RawData)],
                CertificatePath.Prolong(found, bag, Now).Select(one => one.RawData));
        }
    }

    [Fact]
    public void The_constraints_of_an_expired_root_hold_where_no_valid_one_takes_its_place()
    {
        var constraints = new X509Extension("2.5.29.30", Convert.FromHexString("300FA00D300B82096578616D706C652E61"), critical: true);
        var expired = Make("CN=New Root", NewKey, "CN=New Root", NewKey, -4000, -5, extension: constraints);
        Assert.Contains(expired, CaPath.Constraining(Issuing with { Chain = [expired] }, Now));
        Assert.DoesNotContain(expired, CaPath.Constraining(Issuing with { Chain = [expired, Certificates["root"]] }, Now));
    }

    [Fact]
    public void A_file_of_certificates_that_all_sign_one_another_ends_soon()
    {
        var names = Enumerable.Range(0, 9).Select(i => $"CN=Mesh {i}").ToList();
        var mesh = names.SelectMany(
            subject => names.Where(issuer => issuer != subject).Select(issuer => Make(subject, NewKey, issuer, NewKey, -10, 100)))
            .Take(24).ToList();
        var ca = new KeyPair(Make("CN=Issuing", Key, "CN=Mesh 0", NewKey, -50, 3000), Key, mesh);
        Assert.NotEmpty(LocalCaIssuer.ChainOf(ca, Now));
    }

    [Fact]
    public void The_steps_through_such_a_file_are_bounded()
    {
        var names = Enumerable.Range(0, 9).Select(i => $"CN=Mesh {i}").ToList();
        var mesh = names.SelectMany(
            subject => names.Where(issuer => issuer != subject).Select(issuer => Make(subject, NewKey, issuer, NewKey, -10, 100))).ToList();
        var ca = new KeyPair(Make("CN=Issuing", Key, "CN=Mesh 0", NewKey, -50, 3000), Key, mesh);

        // All 100,000 paths of 8 certificates would be hundreds of megabytes; octets do not depend on how busy the machine is.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotEmpty(LocalCaIssuer.ChainOf(ca, Now));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000_000);
    }

    [Theory]
    [InlineData("rollover, old edition", "rollover, old edition")]
    [InlineData("rollover", "rollover")]
    [InlineData("rollover, old edition, root", "root")]
    public void A_certificate_that_a_CAs_old_key_signed_for_its_new_one_is_no_root(string file, string path)
    {
        // RFC 5280 §3.2: self-issued, as both have one name, and not self-signed.
        var old = Make("CN=New Root", OldKey, "CN=New Root", OldKey, -4000, 500);
        var authority = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(
            old.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());
        var rollover = Make("CN=New Root", NewKey, "CN=New Root", OldKey, -100, 1000, extension: authority);
        X509Certificate2 Find(string name) => name switch { "old edition" => old, "rollover" => rollover, _ => Certificates[name] };
        foreach (var order in Permutations([.. file.Split(", ").Select(Find)]))
        {
            var found = LocalCaIssuer.ChainOf(Issuing with { Chain = order }, Now).Select(der => der.ToArray());
            Assert.Equal([Issuing.Certificate.RawData, .. path.Split(", ").Select(name => Find(name).RawData)], found);
        }
    }

    [Theory]
    [InlineData("x1-cross-valid-first.crt", 3, 0)]
    [InlineData("x3-cross-expired-first.crt", 2, 2)]
    [InlineData("x5-expired-edition-first.crt", 2, 1)]
    public void The_cases_from_the_field_are_handed_out_right_in_both_orders(string name, int published, int unused)
    {
        if (TestVectors.Find($"../cases/cross-signed/{name}", output) is not { } path)
            return;
        var (certificates, problems) = KeyFiles.LoadCertificates(path);
        Assert.Empty(problems);
        var at = new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
        foreach (var rest in new[] { certificates.Skip(1), certificates.Skip(1).Reverse() })
        {
            var ca = new KeyPair(certificates[0], Key, [.. rest]);
            var chain = LocalCaIssuer.ChainOf(ca, at).Select(der => X509CertificateLoader.LoadCertificate(der.Span)).ToList();
            Assert.Equal(["CN=Issuing, O=Lab", "CN=New Root, O=Lab"], chain.Select(one => one.Subject));
            Assert.Equal(chain[1].Subject, chain[1].Issuer);
            Assert.All(LocalCaIssuer.PublishedOf(ca, at), der => Assert.True(
                CaPath.IsValidAt(X509CertificateLoader.LoadCertificate(der.Span), at)));
            Assert.Equal((published, unused), (LocalCaIssuer.PublishedOf(ca, at).Count, CaPath.Find(ca, at).Unused.Count));
        }
    }

    [Fact]
    [Trait("Conformance", "E-C6")]
    public void What_ends_or_begins_while_the_server_runs_is_published_accordingly()
    {
        var clock = new FakeTimeProvider(Now);
        var path = new PublishedPath(Issuing with { Chain = Named("root, short edition, coming edition") }, clock);
        Assert.True(Has("short edition") && !Has("coming edition"));
        Assert.Same(path.Certificates, path.Certificates);

        clock.Advance(TimeSpan.FromDays(60));

        Assert.True(Has("coming edition") && !Has("short edition"));
        Assert.Equal(Issuing.Certificate.RawData, path.Certificates[0].ToArray());

        bool Has(string name) => path.Certificates.Any(der => der.Span.SequenceEqual(Certificates[name].RawData));
    }

    private static string Serial(X509Certificate2 certificate) => certificate.SerialNumber.ToLowerInvariant();

    private static List<X509Certificate2> Named(string names) =>
        [.. names.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(name => Certificates[name])];

    private static IEnumerable<List<X509Certificate2>> Permutations(List<X509Certificate2> certificates)
    {
        if (certificates.Count <= 1)
            return [certificates];
        return certificates.SelectMany(
            (first, i) => Permutations([.. certificates.Where((_, j) => j != i)]).Select(rest => (List<X509Certificate2>)[first, .. rest]));
    }

    private static X509Certificate2 Make(
        string subject, ECDsa key, string issuer, ECDsa by, int fromDays, int toDays, bool isCa = true, X509Extension? extension = null)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isCa, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (extension is not null)
            request.CertificateExtensions.Add(extension);
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = 0x11;
        return request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(by), Now.AddDays(fromDays), Now.AddDays(toDays),
            serial);
    }
}
