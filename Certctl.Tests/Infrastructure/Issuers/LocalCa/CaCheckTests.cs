using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>What a pair must be to be a CA. Each defect is told by itself, so that the operator reads what to mend.</summary>
public sealed class CaCheckTests
{
    public static TheoryData<string, string> Defects() => new()
    {
        { "no CA", "basicConstraints" },
        { "basicConstraints missing", "basicConstraints" },
        { "no keyCertSign", "keyCertSign" },
        { "not yet valid", "not valid before" },
        { "expired", "expired" },
        { "no subject", "subject is empty" },
        { "curve", "P-256 or P-384" },
        { "small RSA", "1024 bits" },
    };

    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [InlineData("p-384")]
    public void A_good_CA_is_good(string kind) => Assert.Empty(LocalCaIssuer.Check(TestCa.Root(kind), TestCa.Now));

    [Theory]
    [MemberData(nameof(Defects))]
    public void A_defect_is_told(string defect, string words)
    {
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var problem = Assert.Single(LocalCaIssuer.Check(Broken(defect, small, curve), TestCa.Now));
        Assert.Contains(words, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_CA_is_valid_from_its_first_instant_until_before_its_last()
    {
        Assert.Empty(LocalCaIssuer.Check(TestCa.Root(notBefore: TestCa.Now), TestCa.Now));
        Assert.Empty(LocalCaIssuer.Check(TestCa.Root(notAfter: TestCa.Now.AddSeconds(1)), TestCa.Now));
    }

    [Fact]
    public void A_CA_without_keyUsage_may_sign() =>
        Assert.Empty(LocalCaIssuer.Check(TestCa.Root(more: new X509Extension("2.5.29.15", [], critical: true)), TestCa.Now));

    [Fact]
    public void A_missing_subjectKeyIdentifier_is_only_warned_about() => Assert.StartsWith(
        "warning: it has no subjectKeyIdentifier",
        Assert.Single(LocalCaIssuer.Check(TestCa.Root(more: new X509Extension("2.5.29.14", [], critical: false)), TestCa.Now)),
        StringComparison.Ordinal);

    [Fact]
    public void A_sub_CA_with_its_path_in_the_file_is_good_and_hands_the_path_out()
    {
        var root = TestCa.Root();
        var sub = TestCa.Sub(root);

        Assert.Empty(LocalCaIssuer.Check(sub, TestCa.Now));
        Assert.Equal(
            [sub.Certificate.RawData, root.Certificate.RawData], LocalCaIssuer.ChainOf(sub, TestCa.Now).Select(der => der.ToArray()));
    }

    [Fact]
    public void The_path_is_found_whatever_the_order_in_the_file_and_strangers_are_warned_about_and_kept_back()
    {
        var root = TestCa.Root("rsa", "CN=Root");
        var middle = TestCa.Sub(root, "p-256", "CN=Middle");
        var low = TestCa.Sub(middle, "p-384", "CN=Low");
        var stranger = TestCa.Root("p-256", "CN=Stranger");
        var file = low with { Chain = [stranger.Certificate, root.Certificate, middle.Certificate] };

        Assert.Contains("CN=Stranger", Assert.Single(LocalCaIssuer.Check(file, TestCa.Now)), StringComparison.Ordinal);
        Assert.Equal(
            [low.Certificate.RawData, middle.Certificate.RawData, root.Certificate.RawData],
            LocalCaIssuer.ChainOf(file, TestCa.Now).Select(der => der.ToArray()));
    }

    [Fact]
    public void A_namesake_with_another_key_is_not_the_issuer()
    {
        var sub = TestCa.Sub(TestCa.Root("p-256"));
        var namesake = sub with { Chain = [TestCa.Root("rsa").Certificate] };

        Assert.Single(LocalCaIssuer.ChainOf(namesake, TestCa.Now));
        Assert.Single(LocalCaIssuer.Check(namesake, TestCa.Now));
    }

    [Fact]
    public void Everything_wrong_is_told_at_once() => Assert.Equal(3, LocalCaIssuer.Check(
        TestCa.Root(
            notAfter: TestCa.Now,
            more:
            [
                new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true),
                new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, critical: true),
            ]),
        TestCa.Now).Count);

    private static KeyPair Broken(string defect, RSA small, ECDsa curve) => defect switch
    {
        "no CA" => TestCa.Root(
            more: new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true)),
        "basicConstraints missing" => TestCa.Root(more: new X509Extension("2.5.29.19", [], critical: true)),
        "no keyCertSign" => TestCa.Root(more: new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, critical: true)),
        "not yet valid" => TestCa.Root(notBefore: TestCa.Now.AddSeconds(1)),
        "expired" => TestCa.Root(notAfter: TestCa.Now),
        "no subject" => TestCa.Root(TestCa.Key("p-256"), new X500DistinguishedName([0x30, 0x00])),
        "curve" => TestCa.Root(curve, new X500DistinguishedName("CN=Odd")),
        "small RSA" => TestCa.Root(small, new X500DistinguishedName("CN=Small")),
        _ => throw new ArgumentException(defect),
    };
}
