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

    private static KeyPair Broken(string defect, RSA small, ECDsa curve) => defect switch
    {
        "no CA" => TestCa.Root(more: new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true)),
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
