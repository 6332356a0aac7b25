using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

/// <summary>What a pair must be to be an RA; each defect is told by itself.</summary>
public sealed class RaPairCheckTests
{
    [Fact]
    public void A_pair_of_the_profiles_CA_is_good() => MustBeGood(Check(RaCertificates.Pair()));

    [Fact]
    public void A_pair_without_keyUsage_is_good() => MustBeGood(Check(RaCertificates.Pair(usage: null)));

    [Fact]
    public void A_pair_of_a_sub_CA_is_good_whatever_stands_above()
    {
        var sub = TestCa.Sub(TestCa.Root());

        MustBeGood(RaPairCheck.Check(RaCertificates.Pair(sub), Chain(sub), TestCa.Now));
    }

    [Fact]
    public void An_RSA_CA_may_be_its_own_RA()
    {
        var ca = TestCa.Root(
            "rsa", more: new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | RaCertificates.BothUsages, critical: true));

        MustBeGood(RaPairCheck.Check(ca, Chain(ca), TestCa.Now));
    }

    [Fact]
    public void An_EC_key_is_refused_because_it_cannot_decrypt()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.Contains("an EC key cannot decrypt", Problem(RaCertificates.Pair(key: key)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_RSA_key_is_refused()
    {
        using var key = RSA.Create(1024);

        Assert.Contains("the RA key has 1024 bits", Problem(RaCertificates.Pair(key: key)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_begins_at_its_first_instant()
    {
        MustBeGood(Check(RaCertificates.Pair(notBefore: TestCa.Now)));
        Assert.Contains(
            "is not valid before 2026-11-25T12:00:01",
            Problem(RaCertificates.Pair(notBefore: TestCa.Now.AddSeconds(1))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_has_expired_at_its_last_instant()
    {
        Assert.Contains("expired at 2026-11-25T12:00:00", Problem(RaCertificates.Pair(notAfter: TestCa.Now)), StringComparison.Ordinal);

        var (problems, warnings) = Check(RaCertificates.Pair(notAfter: TestCa.Now.AddSeconds(1)));
        Assert.Empty(problems);
        Assert.Contains("expires at", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_thirty_days_are_warned_about()
    {
        var (problems, warnings) = Check(RaCertificates.Pair(notAfter: TestCa.Now.AddDays(30)));
        Assert.Empty(problems);
        Assert.Contains("put a new pair beside it and send SIGHUP", Assert.Single(warnings), StringComparison.Ordinal);

        MustBeGood(Check(RaCertificates.Pair(notAfter: TestCa.Now.AddDays(30).AddSeconds(1))));
    }

    [Theory]
    [InlineData(X509KeyUsageFlags.DataEncipherment | X509KeyUsageFlags.KeyAgreement)]
    [InlineData(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)]
    public void A_keyUsage_for_neither_use_is_refused(X509KeyUsageFlags usage) =>
        Assert.Contains(
            "must have digitalSignature, keyEncipherment or both", Problem(RaCertificates.Pair(usage: usage)), StringComparison.Ordinal);

    [Theory]
    [InlineData(X509KeyUsageFlags.DigitalSignature, true, false)]
    [InlineData(X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DataEncipherment, false, true)]
    [InlineData(RaCertificates.BothUsages, true, true)]
    [InlineData(null, true, true)]
    public void Its_keyUsage_says_what_a_pair_is_for(X509KeyUsageFlags? usage, bool maySign, bool mayDecrypt)
    {
        var pair = RaCertificates.Pair(usage: usage);

        MustBeGood(Check(pair));
        Assert.Equal((maySign, mayDecrypt), (RaPairCheck.MaySign(pair.Certificate), RaPairCheck.MayDecrypt(pair.Certificate)));
    }

    [Fact]
    public void More_key_usages_than_needed_are_no_problem() =>
        MustBeGood(Check(RaCertificates.Pair(usage: RaCertificates.BothUsages | X509KeyUsageFlags.NonRepudiation)));

    [Fact]
    public void A_certificate_that_our_own_reader_refuses_is_refused_now_and_not_at_the_first_request() =>
        Assert.Contains(
            "cannot be read: a serial number of no octets or more than 64",
            Problem(RaCertificates.Pair(serialLength: 65)),
            StringComparison.Ordinal);

    [Fact]
    public void A_pair_of_another_CA_is_warned_about()
    {
        var other = TestCa.Root(subject: "CN=Another CA");

        var (problems, warnings) = Check(RaCertificates.Pair(other));

        Assert.Empty(problems);
        Assert.Contains("was not issued by this profile's CA", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_the_CA_alone_does_not_make_it_the_issuer()
    {
        var namesake = TestCa.Root("p-384");

        Assert.Single(Check(RaCertificates.Pair(namesake)).Warnings);
    }

    [Fact]
    public void Where_the_CA_is_not_known_the_issuer_is_not_judged() =>
        MustBeGood(RaPairCheck.Check(RaCertificates.Pair(TestCa.Root(subject: "CN=Another CA")), [], TestCa.Now));

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pair = RaCertificates.Pair(TestCa.Root(subject: "CN=Another CA"), key, X509KeyUsageFlags.KeyAgreement, notAfter: TestCa.Now);

        var (problems, warnings) = Check(pair);

        Assert.Equal(3, problems.Count);
        Assert.Single(warnings);
    }

    private static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Check(KeyPair pair) =>
        RaPairCheck.Check(pair, Chain(TestCa.Root()), TestCa.Now);

    private static IReadOnlyList<ReadOnlyMemory<byte>> Chain(KeyPair ca) =>
        [ca.Certificate.RawData, .. ca.Chain.Select(above => (ReadOnlyMemory<byte>)above.RawData)];

    private static void MustBeGood((IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) findings)
    {
        Assert.Empty(findings.Problems);
        Assert.Empty(findings.Warnings);
    }

    private static string Problem(KeyPair pair)
    {
        var (problems, warnings) = Check(pair);
        Assert.Empty(warnings);
        return Assert.Single(problems);
    }
}
