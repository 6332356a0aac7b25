using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.ClientCertificates;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Mtls;

/// <summary>Paths from a client certificate to a bundle: any CA of the bundle ends one, nothing that the client sends does.</summary>
public sealed class BundleTrustTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly BootstrapCa Root = BootstrapCa.Root("CN=root");
    private static readonly BootstrapCa Middle = Root.Below("CN=middle");
    private static readonly BootstrapCa Low = Middle.Below("CN=low");

    [Fact]
    public void An_intermediate_in_the_bundle_is_an_anchor_and_its_root_need_not_be_known()
    {
        Assert.IsType<ClientVerdict.Trusted>(Judge([Middle], Middle.Issue("CN=d")));
        Assert.IsType<ClientVerdict.Trusted>(Judge([Middle], Low.Issue("CN=d"), Low.Certificate));
        Assert.IsType<ClientVerdict.Trusted>(Judge([Middle], Low.Issue("CN=d"), Low.Certificate, Middle.Certificate, Root.Certificate));
        Assert.IsType<ClientVerdict.Trusted>(Judge([Root, Low], Low.Issue("CN=d")));
    }

    [Fact]
    public void What_the_client_sends_is_no_anchor()
    {
        Untrusted("does not lead to", Judge([Middle], Root.Issue("CN=d"), Root.Certificate));
        var other = BootstrapCa.Root("CN=other");
        Untrusted("does not lead to", Judge([Root], other.Issue("CN=d"), other.Certificate));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var self = new CertificateRequest("CN=self", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        Untrusted("does not lead to", Judge([Root], self));
    }

    [Fact]
    public void A_CA_that_has_the_name_of_the_bundles_but_not_its_key_vouches_for_no_client()
    {
        var forged = BootstrapCa.Root("CN=middle");
        Untrusted("NotSignatureValid", Judge([Middle], forged.Issue("CN=d")));
        Untrusted("does not lead to|NotSignatureValid", Judge([Middle], forged.Issue("CN=d"), forged.Certificate));
        Untrusted(
            "does not lead to|NotSignatureValid",
            Judge([Middle], forged.Below("CN=low").Issue("CN=d"), forged.Below("CN=low").Certificate, Low.Certificate));
        Untrusted("NotSignatureValid", Judge([Middle], forged.Below("CN=low").Issue("CN=d"), Low.Certificate));
    }

    [Fact]
    public void Of_two_CAs_of_one_name_each_vouches_for_its_own()
    {
        var (old, young) = (BootstrapCa.Root("CN=same name"), BootstrapCa.Root("CN=same name"));
        foreach (var bundle in new[] { new[] { old, young }, [young, old] })
        {
            Assert.IsType<ClientVerdict.Trusted>(Judge(bundle, old.Issue("CN=d")));
            Assert.IsType<ClientVerdict.Trusted>(Judge(bundle, young.Issue("CN=d")));
        }
    }

    [Fact]
    public void A_device_certificate_is_no_CA()
    {
        using var device = Middle.Issue("CN=d");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var below = new CertificateRequest("CN=below", key, HashAlgorithmName.SHA256).Create(
            device.SubjectName, X509SignatureGenerator.CreateForECDsa(device.GetECDsaPrivateKey()!), Now.AddDays(-1), Now.AddDays(1),
            [1, 2]);
        Untrusted("InvalidBasicConstraints", Judge([Middle], below, device));
        Untrusted("InvalidBasicConstraints", Judge([Root], below, device, Middle.Certificate));
    }

    [Fact]
    public void A_certificate_of_the_bundle_itself_is_no_client() => Untrusted("does not lead to", Judge([Root], Root.Certificate));

    [Fact]
    public void An_unknown_critical_extension_is_refused() => Untrusted(
        "HasNotSupportedCriticalExtension",
        Judge([Middle], Middle.Issue(
            "CN=d", BootstrapCa.ClientAuth, -1, 1, serial: null,
            request => request.CertificateExtensions.Add(new X509Extension("1.2.3.4", [5, 0], critical: true)))));

    [Fact]
    public void It_is_judged_at_the_time_that_is_given()
    {
        var device = Root.Issue("CN=d", fromDays: -5, toDays: 5);
        var trust = Trust([Root]);
        ShownCertificates shown = new(device.RawData, []);

        // OpenSSL lets the last second go, which RFC 5280 §4.1.2.5 would keep.
        Assert.IsType<ClientVerdict.Trusted>(trust.Judge(shown, device.NotAfter.ToUniversalTime().AddSeconds(-1)));
        Untrusted("NotTimeValid", trust.Judge(shown, device.NotAfter.ToUniversalTime().AddSeconds(1)));
        Assert.IsType<ClientVerdict.Trusted>(trust.Judge(shown, device.NotBefore.ToUniversalTime()));
        Untrusted("NotTimeValid", trust.Judge(shown, device.NotBefore.ToUniversalTime().AddSeconds(-1)));
    }

    [Fact]
    public void More_certificates_than_a_path_can_use_are_not_looked_at()
    {
        var device = Low.Issue("CN=d");
        X509Certificate2[] padding = [.. Enumerable.Repeat(Root.Certificate, 6)];
        Assert.IsType<ClientVerdict.Trusted>(Judge([Root], device, [Low.Certificate, Middle.Certificate, .. padding]));
        Untrusted("9 other certificates", Judge([Root], device, [Low.Certificate, Middle.Certificate, .. padding, Root.Certificate]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("3000")]
    [InlineData("0102030405")]
    public void Octets_that_are_no_certificate_are_no_trusted_one(string hex)
    {
        var verdict = Assert.IsType<ClientVerdict.Untrusted>(
            Trust([Root]).Judge(new ShownCertificates(Convert.FromHexString(hex), []), Now));
        Assert.Null(verdict.Certificate);
        Untrusted(
            "cannot be loaded", Trust([Root]).Judge(new ShownCertificates(Root.Issue("CN=d").RawData, [Convert.FromHexString(hex)]), Now));
    }

    [Fact]
    public void Whose_issuer_has_the_name_of_one_of_ours_is_told_as_its_and_no_other()
    {
        var trust = new BundleTrust(
            [Root.Certificate, Middle.Certificate],
            new Dictionary<string, X509Certificate2> { ["iss-other"] = Low.Certificate, ["iss-local"] = Middle.Certificate });
        Assert.Equal(
            "iss-local",
            Assert.IsType<ClientVerdict.Trusted>(trust.Judge(new ShownCertificates(Middle.Issue("CN=d").RawData, []), Now)).IssuerId);
        Assert.Null(Assert.IsType<ClientVerdict.Trusted>(trust.Judge(new ShownCertificates(Root.Issue("CN=d").RawData, []), Now)).IssuerId);
    }

    [Fact]
    public void A_staged_bundle_counts_when_it_is_put_to_use_and_not_before()
    {
        var trust = Trust([Root]);
        var next = BootstrapCa.Root("CN=next");
        var shown = new ShownCertificates(next.Issue("CN=d").RawData, []);
        var exchange = trust.Stage([next.Certificate]);
        Assert.IsType<ClientVerdict.Untrusted>(trust.Judge(shown, Now));
        exchange();
        Assert.IsType<ClientVerdict.Trusted>(trust.Judge(shown, Now));
    }

    private static BundleTrust Trust(BootstrapCa[] bundle) =>
        new([.. bundle.Select(ca => ca.Certificate)], new Dictionary<string, X509Certificate2>());

    private static ClientVerdict Judge(BootstrapCa[] bundle, X509Certificate2 client, params X509Certificate2[] others) =>
        Trust(bundle).Judge(new ShownCertificates(client.RawData, [.. others.Select(other => (ReadOnlyMemory<byte>)other.RawData)]), Now);

    private static void Untrusted(string why, ClientVerdict verdict) =>
        Assert.Matches(why, Assert.IsType<ClientVerdict.Untrusted>(verdict).Detail);
}
