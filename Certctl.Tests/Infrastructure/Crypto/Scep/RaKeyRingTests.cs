using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

public sealed class RaKeyRingTests(ITestOutputHelper output)
{
    private static KeyPair Newer => ScepTestKeys.Pair(ScepTestKeys.Ra, ScepTestKeys.RaPrivateKey);

    private static KeyPair Older => ScepTestKeys.Pair(ScepTestKeys.OtherRa, ScepTestKeys.OtherRaPrivateKey);

    [Fact]
    public void The_newest_valid_pair_signs_and_every_pair_decrypts_until_it_expires()
    {
        var clock = ScepTestKeys.Clock();
        var codec = new CmsScepCodec(new RaKeyRing([Older, Newer], [ScepTestKeys.Ca.RawData]), clock);

        Assert.IsType<ScepContent.CertificationRequest>(Decode(codec, ScepTestKeys.OtherRa).Content);
        Assert.IsType<ScepContent.CertificationRequest>(Decode(codec, ScepTestKeys.Ra).Content);
        Assert.Equal(ScepTestKeys.Ra.RawData, SignerOf(codec));

        clock.Advance(TimeSpan.FromDays(31));
        var refused = Assert.IsType<ScepContent.Refused>(Decode(codec, ScepTestKeys.OtherRa).Content);
        Assert.Equal(FailureReason.NotEncryptedToUs, refused.Failure.Reason);
        Assert.DoesNotContain(
            ScepTestKeys.OtherRa.SerialNumber, refused.Failure.Detail.Split("expected")[1], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_pair_that_is_not_yet_valid_does_not_sign()
    {
        using var key = RSA.Create(2048);
        using var future = ScepTestKeys.Issue("CN=Test RA 3,O=Certctl", key, 5, 100);
        var clock = ScepTestKeys.Clock();
        var codec = new CmsScepCodec(new RaKeyRing([ScepTestKeys.Pair(future, key), Newer], [ScepTestKeys.Ca.RawData]), clock);

        Assert.Equal(ScepTestKeys.Ra.RawData, SignerOf(codec));
        Assert.Equal([ScepTestKeys.Ra.RawData, ScepTestKeys.Ca.RawData], Bag(codec.CaCertificates()));

        // The bag that was kept is made again when time has changed what is valid.
        clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal(future.RawData, SignerOf(codec));
        Assert.Equal([future.RawData, ScepTestKeys.Ra.RawData, ScepTestKeys.Ca.RawData], Bag(codec.CaCertificates()));
    }

    [Fact]
    public void Replaced_pairs_answer_the_next_request()
    {
        var ring = new RaKeyRing([Older], [ScepTestKeys.Ca.RawData]);
        var codec = new CmsScepCodec(ring, ScepTestKeys.Clock());
        Assert.Equal(ScepTestKeys.OtherRa.RawData, SignerOf(codec));

        ring.Stage([Newer])();

        Assert.Equal(ScepTestKeys.Ra.RawData, SignerOf(codec));
        Assert.IsType<ScepContent.Refused>(Decode(codec, ScepTestKeys.OtherRa).Content);
        Assert.Equal([ScepTestKeys.Ra.RawData, ScepTestKeys.Ca.RawData], Bag(codec.CaCertificates()));
    }

    [Fact]
    public void Without_a_valid_pair_nothing_is_signed()
    {
        var clock = ScepTestKeys.Clock();
        var codec = new CmsScepCodec(new RaKeyRing([Older], [ScepTestKeys.Ca.RawData]), clock);
        clock.Advance(TimeSpan.FromDays(40));

        Assert.Throws<InvalidOperationException>(() => SignerOf(codec));
        Assert.Throws<InvalidOperationException>(codec.CaCertificates);
    }

    [Fact]
    public void An_EC_key_and_an_empty_ring_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new RaKeyRing([], []));
        Assert.Throws<ArgumentException>(() => new RaKeyRing([new KeyPair(ScepTestKeys.Ra, ScepTestKeys.EcDevice, [])], []));
    }

    [Fact]
    [Trait("Conformance", "S-G2")]
    public void A_root_that_is_its_own_RA_is_one_bare_certificate()
    {
        var ring = new RaKeyRing([ScepTestKeys.Pair(ScepTestKeys.Ca, ScepTestKeys.CaPrivateKey)], [ScepTestKeys.Ca.RawData]);
        var answer = new CmsScepCodec(ring, ScepTestKeys.Clock()).CaCertificates();

        Assert.False(answer.IsBag);
        Assert.Equal(ScepTestKeys.Ca.RawData, answer.Body.ToArray());
    }

    [Fact]
    [Trait("Conformance", "S-G3")]
    [Trait("Conformance", "S-G4")]
    [Trait("Conformance", "S-G5")]
    public void The_bag_has_the_signing_RA_first_the_CA_behind_the_RAs_and_nothing_twice()
    {
        var ring = new RaKeyRing([Older, Newer], [ScepTestKeys.Ca.RawData, ScepTestKeys.Ca.RawData]);
        var codec = new CmsScepCodec(ring, ScepTestKeys.Clock());
        var answer = codec.CaCertificates();

        Assert.True(answer.IsBag);
        Assert.Equal([ScepTestKeys.Ra.RawData, ScepTestKeys.OtherRa.RawData, ScepTestKeys.Ca.RawData], Bag(answer));

        // version 1, digestAlgorithms {}, { data }: nothing signed, nothing contained.
        Assert.Contains(
            "020101" + "3100" + "300B06092A864886F70D010701" + "A0", Convert.ToHexString(answer.Body.Span), StringComparison.Ordinal);
        Assert.Equal([0x31, 0x00], answer.Body.Span[^2..].ToArray());
        Assert.True(answer.Body.Equals(codec.CaCertificates().Body), "the bag was made twice");
    }

    [Fact]
    public void Openssl_reads_the_bag()
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var printed = Encoding.ASCII.GetString(
            OpenSsl.Run(ScepTestKeys.Codec().CaCertificates().Body.ToArray(), "pkcs7", "-inform", "DER", "-print_certs", "-noout"));

        Assert.True(printed.IndexOf("Test RA", StringComparison.Ordinal) < printed.LastIndexOf("Test CA", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_and_replacements_may_cross_on_any_number_of_threads()
    {
        var ring = new RaKeyRing([Newer], [ScepTestKeys.Ca.RawData]);
        var codec = new CmsScepCodec(ring, ScepTestKeys.Clock());
        var message = new ForgedRequest().Build();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                var decoding = Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(message));
                Assert.IsType<ScepContent.CertificationRequest>(decoding.Content);
                codec.EncodeCertRep(decoding.Head, new ScepReply.Pending());
            }
        }));
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
                ring.Stage([Newer])();
        });

        await Task.WhenAll([.. readers, writer]);
    }

    private static ScepDecoding.PkiMessage Decode(CmsScepCodec codec, X509Certificate2 recipient) =>
        Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(new ForgedRequest { Recipient = recipient }.Build()));

    private static byte[] SignerOf(CmsScepCodec codec)
    {
        var signed = new SignedCms();
        signed.Decode(codec.EncodeCertRep(Decode(codec, ScepTestKeys.Ra).Head, new ScepReply.Pending()));
        signed.CheckSignature(verifySignatureOnly: true);
        return Assert.Single(signed.Certificates).RawData;
    }

    // By hand: the platform's reader does not promise an order.
    private static List<byte[]> Bag(ScepCaCertificates answer)
    {
        var reader = new System.Formats.Asn1.AsnReader(answer.Body, System.Formats.Asn1.AsnEncodingRules.BER).ReadSequence();
        reader.ReadObjectIdentifier();
        var context0 = new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 0);
        var fields = reader.ReadSequence(context0).ReadSequence();
        fields.ReadInteger();
        fields.ReadSetOf();
        fields.ReadSequence();
        var set = fields.ReadSetOf(context0);
        var certificates = new List<byte[]>();
        while (set.HasData)
            certificates.Add(set.ReadEncodedValue().ToArray());
        return certificates;
    }
}
