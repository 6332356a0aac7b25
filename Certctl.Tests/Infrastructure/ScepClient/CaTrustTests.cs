using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Whom the client believes, encrypts to and lets sign.</summary>
public sealed class CaTrustTests
{
    private const X509KeyUsageFlags CaUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;

    [Fact]
    [Trait("Conformance", "S-G6")]
    public void The_ra_receives_and_verifies_and_a_ca_for_certificates_only_does_neither()
    {
        var trust = Trust([FakePki.Ca, FakePki.Ra]);

        Assert.Equal(FakePki.Ra.Thumbprint, trust.Recipient?.Thumbprint);
        Assert.Equal([FakePki.Ra.Thumbprint], trust.Verifiers.Select(certificate => certificate.Thumbprint));
        Assert.Equal(FakePki.Ca.Thumbprint, trust.IssuingCa?.Thumbprint);
    }

    [Fact]
    [Trait("Conformance", "S-G7")]
    public void Of_two_ras_each_does_what_its_key_usage_says()
    {
        using var sign = FakePki.Make("CN=sign", FakePki.RaKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature);
        using var encrypt = FakePki.Make("CN=encrypt", FakePki.RaKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.KeyEncipherment);

        var trust = Trust([sign, encrypt, FakePki.Ca]);

        Assert.Equal(encrypt.Thumbprint, trust.Recipient?.Thumbprint);
        Assert.Equal([sign.Thumbprint], trust.Verifiers.Select(certificate => certificate.Thumbprint));
    }

    [Fact]
    [Trait("Conformance", "S-G2")]
    public void A_ca_that_is_its_own_ra_does_both()
    {
        using var ca = FakePki.Make(
            "CN=both", FakePki.CaKey, null, FakePki.CaKey, CaUsage | X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment,
            isCa: true);

        var trust = Trust([ca]);

        Assert.Equal(ca.Thumbprint, trust.Recipient?.Thumbprint);
        Assert.Equal([ca.Thumbprint], trust.Verifiers.Select(certificate => certificate.Thumbprint));
    }

    [Fact]
    public void The_ra_comes_before_a_ca_that_may_decrypt_too()
    {
        using var ca = FakePki.Make("CN=Fake CA,O=Test", FakePki.CaKey, null, FakePki.CaKey, usage: null, isCa: true);

        Assert.Equal(FakePki.Ra.Thumbprint, Trust([ca, FakePki.Ra]).Recipient?.Thumbprint);
    }

    [Theory]
    [InlineData(-10, -1)]
    [InlineData(1, 10)]
    public void An_ra_that_is_not_valid_now_is_not_used(int firstDay, int lastDay)
    {
        using var ra = FakePki.Make(
            "CN=when", FakePki.RaKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment,
            firstDay: firstDay, lastDay: lastDay);

        var trust = Trust([ra, FakePki.Ca]);

        Assert.Null(trust.Recipient);
        Assert.Empty(trust.Verifiers);
    }

    [Theory]
    [InlineData("SHA1")]
    [InlineData("SHA256")]
    [InlineData("SHA384")]
    [InlineData("SHA512")]
    [Trait("Conformance", "S-G8")]
    public void A_fingerprint_of_any_length_finds_its_ca_and_leaves_strangers_out(string digest)
    {
        var hex = FakePki.Ca.GetCertHashString(new HashAlgorithmName(digest)).ToLowerInvariant();
        var withColons = string.Join(':', hex.Chunk(2).Select(pair => new string(pair)));

        var trust = Trust([FakePki.Stranger, FakePki.Ra, FakePki.Ca], withColons);

        Assert.True(trust.IsPinned);
        Assert.Equal(
            new[] { FakePki.Ra.Thumbprint, FakePki.Ca.Thumbprint }.Order(),
            trust.Trusted.Select(certificate => certificate.Thumbprint).Order());
    }

    [Fact]
    public void An_unknown_fingerprint_is_refused_and_names_what_there_is()
    {
        var trouble = Assert.Throws<ScepClientException>(() => Trust([FakePki.Ra, FakePki.Ca], new string('a', 64)));

        Assert.Equal((ScepClientFault.Untrusted, ScepStage.GetCaCert), (trouble.Fault, trouble.Stage));
        Assert.Contains(FakePki.Ca.Sha256Fingerprint(), trouble.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fingerprint_of_an_ra_is_no_anchor()
    {
        var trouble = Assert.Throws<ScepClientException>(() => Trust([FakePki.Ra, FakePki.Ca], FakePki.Ra.Sha256Fingerprint()));

        Assert.Contains("no CA certificate", trouble.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abcd")]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("zz1d8cd98f00b204e9800998ecf8427e00000000")]
    public void A_fingerprint_that_is_none_is_a_usage_error(string text)
    {
        Assert.Equal(ScepClientFault.Usage, Assert.Throws<ScepClientException>(() => CaFingerprint.Parse(text)).Fault);
    }

    [Fact]
    public void An_intermediate_ca_can_be_the_anchor_and_the_root_still_ends_the_chain()
    {
        var (root, middle, leaf) = ThreeTiers(pathLength: null);
        using (root)
        using (middle)
        using (leaf)
        {
            var path = CertificatePath.Find(leaf, [root, middle], [middle], FakePki.Now);

            Assert.Equal([leaf.Thumbprint, middle.Thumbprint], path!.Select(certificate => certificate.Thumbprint));
            Assert.Equal(root.Thumbprint, CertificatePath.Prolong(path!, [root, middle], FakePki.Now)[^1].Thumbprint);
        }
    }

    [Fact]
    public void A_new_key_that_the_old_one_certifies_under_the_same_name_is_no_root()
    {
        using var old = FakePki.Make(
            "CN=Fake CA,O=Test", FakePki.StrangerKey, null, FakePki.StrangerKey, CaUsage, isCa: true, lastDay: 200);
        using var link = FakePki.Make("CN=Fake CA,O=Test", FakePki.CaKey, null, FakePki.StrangerKey, CaUsage, isCa: true, lastDay: 300);

        var path = CertificatePath.Find(FakePki.Ra, [link, old], [link], FakePki.Now);

        Assert.Equal([FakePki.Ra, link, old], CertificatePath.Prolong(path!, [link, old], FakePki.Now));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void The_path_length_constraint_of_the_root_counts_intermediates(int? pathLength, bool found)
    {
        var (root, middle, leaf) = ThreeTiers(pathLength);
        using (root)
        using (middle)
        using (leaf)
            Assert.Equal(found, CertificatePath.Find(leaf, [middle], [root], FakePki.Now) is not null);
    }

    [Fact]
    public void A_name_without_the_signature_is_no_issuer()
    {
        using var impostor = FakePki.Make("CN=Fake CA,O=Test", FakePki.StrangerKey, null, FakePki.StrangerKey, CaUsage, isCa: true);

        Assert.Null(CertificatePath.Find(FakePki.Ra, [impostor], [impostor], FakePki.Now));
        Assert.NotNull(CertificatePath.Find(FakePki.Ra, [impostor], [FakePki.Ca], FakePki.Now));
    }

    [Theory]
    [InlineData("ECDSA")]
    [InlineData("PSS")]
    public void A_ca_may_sign_with_ecdsa_or_pss(string kind)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = kind == "PSS"
            ? new CertificateRequest("CN=root", FakePki.StrangerKey, HashAlgorithmName.SHA384, RSASignaturePadding.Pss)
            : new CertificateRequest("CN=root", ec, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = request.CreateSelfSigned(FakePki.Now.AddDays(-1), FakePki.Now.AddDays(1));
        var wish = new CertificateRequest("CN=leaf", FakePki.DeviceKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var generator = kind == "PSS"
            ? X509SignatureGenerator.CreateForRSA(FakePki.StrangerKey, RSASignaturePadding.Pss)
            : X509SignatureGenerator.CreateForECDsa(ec);
        using var leaf = wish.Create(root.SubjectName, generator, FakePki.Now.AddDays(-1), FakePki.Now.AddDays(1), [1, 2, 3]);

        Assert.NotNull(CertificatePath.Find(leaf, [], [root], FakePki.Now));
    }

    [Fact]
    public void A_bag_whose_certificates_all_sign_one_another_is_searched_once()
    {
        var twins = Enumerable.Range(1, 30)
            .Select(i => FakePki.Make("CN=twin", FakePki.StrangerKey, null, FakePki.StrangerKey, CaUsage, isCa: true, serial: [(byte)i]))
            .ToList();

        // Without the visited set this would be 30 to the power of 7 signature checks.
        Assert.Null(CertificatePath.Find(twins[0], twins, [FakePki.Ca], FakePki.Now));
        twins.ForEach(twin => twin.Dispose());
    }

    private static (X509Certificate2 Root, X509Certificate2 Middle, X509Certificate2 Leaf) ThreeTiers(int? pathLength)
    {
        var root = FakePki.Make("CN=root", FakePki.StrangerKey, null, FakePki.StrangerKey, CaUsage, isCa: true, pathLength: pathLength);
        var middle = FakePki.Make("CN=middle", FakePki.CaKey, root, FakePki.StrangerKey, CaUsage, isCa: true);
        return (root, middle, FakePki.Make("CN=leaf", FakePki.DeviceKey, middle, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature));
    }

    private static CaTrust Trust(X509Certificate2[] bag, string? fingerprint = null)
    {
        var copies = new X509Certificate2Collection(
            bag.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawData)).ToArray());
        var answer = new ScepAnswer("application/x-x509-ca-ra-cert", copies.Export(X509ContentType.Pkcs7)!);
        return CaCertificates.Parse(answer).Trust(fingerprint is null ? null : CaFingerprint.Parse(fingerprint), FakePki.Now);
    }
}
