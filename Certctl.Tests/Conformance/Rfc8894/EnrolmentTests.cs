using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

public sealed class EnrolmentOnSqliteTests(ScepServerFixture server) : EnrolmentTests(server), IClassFixture<ScepServerFixture>;

public sealed class EnrolmentOnPostgresTests(PostgresScepServerFixture server)
    : EnrolmentTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>RFC 8894 §2.3 to §2.5, §3.3 and §5: who gets a certificate, who does not, and who gets the same one again.</summary>
public abstract class EnrolmentTests(ScepServerFixture server)
{
    private const string Aes256 = "2.16.840.1.101.3.4.1.42";

    private ScepWire Wire => server.Wire;

    [Fact]
    [Trait("Conformance", "S-G2")]
    [Trait("Conformance", "S-G3")]
    [Trait("Conformance", "S-G5")]
    [Trait("Conformance", "S-G9")]
    [Trait("Conformance", "A-27")]
    public async Task GetCACert_is_the_RA_pair_then_the_CA_under_the_bare_content_type()
    {
        using var answer = await Wire.Http.GetAsync(new Uri(Wire.Server, "/scep?operation=GetCACert&message=anything"));
        Assert.Equal("application/x-x509-ca-ra-cert", answer.Content.Headers.ContentType?.ToString());
        var bag = await Wire.CaCertificatesAsync();
        Assert.All(bag, certificate => Assert.Equal(bag[2].Subject, certificate.Issuer));

        // The one shape that every client tried reads: one RA certificate signs, the other one decrypts.
        Assert.Equal(
            [
                X509KeyUsageFlags.DigitalSignature,
                X509KeyUsageFlags.KeyEncipherment,
                X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign,
            ],
            bag.Select(certificate => certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages));
    }

    [Theory]
    [InlineData("no seconds", 0x17, "2611301010Z")]
    [InlineData("an offset", 0x17, "261130101010+0100")]
    [InlineData("a fraction", 0x18, "20261130101010.5Z")]
    [InlineData("second 60", 0x17, "261130101060Z")]
    [InlineData("year 0000", 0x18, "00000101000000Z")]
    [InlineData("no Z", 0x17, "261130101010")]
    [InlineData("nothing", 0x18, "")]
    public async Task The_times_of_a_self_signed_signer_are_read_past(string what, byte tag, string time)
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(device.Csr($"CN=odd times {what}", server.Challenge), device);
        request.Certificates = [OddTimes.In(device.Certificate, tag, time)];
        (await Wire.SendAsync(request.Build())).Issued(device);
    }

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.PrintableString)]
    [InlineData(UniversalTagNumber.IA5String)]
    [InlineData(UniversalTagNumber.BMPString)]
    [InlineData(UniversalTagNumber.T61String)]
    [Trait("Conformance", "R-4")]
    [Trait("Conformance", "S-R1")]
    [Trait("Conformance", "A-24")]
    public async Task The_challenge_is_read_in_every_string_type(UniversalTagNumber type)
    {
        var device = ScepDevice.Shared();
        var text = System.Text.Encoding.ASCII.GetBytes(server.Challenge);
        byte[] der = type switch
        {
            UniversalTagNumber.BMPString => [0x1E, (byte)(text.Length * 2), .. text.SelectMany(c => new byte[] { 0, c })],
            _ => [(byte)type, (byte)text.Length, .. text],
        };
        var request = await Wire.RequestAsync(device.Csr($"CN=challenge {type}", der, []), device);
        (await Wire.SendAsync(request.Build())).Issued(device);
    }

    [Fact]
    [Trait("Conformance", "S-R2")]
    [Trait("Conformance", "S-T11")]
    [Trait("Conformance", "S-P8")]
    [Trait("Conformance", "S-F3")]
    public async Task A_wrong_a_missing_and_a_doubled_challenge_are_badRequest_and_tell_nothing()
    {
        var device = ScepDevice.Shared();
        byte[][] requests =
        [
            device.Csr("CN=wrong", "not the challenge"),
            device.Csr("CN=prefix", server.Challenge[..^1]),
            device.Csr("CN=missing", (string?)null),
            device.Csr("CN=blank", ""),
            device.Csr("CN=doubled", null, [], request =>
            {
                var value = ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, server.Challenge));
                request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(ScepWire.ChallengeOid), value));
                request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(ScepWire.ChallengeOid), value));
            }),
        ];
        foreach (var csr in requests)
        {
            var reply = (await Wire.SendAsync((await Wire.RequestAsync(csr, device)).Build())).MustFail("2");
            Assert.DoesNotContain(server.Challenge, System.Text.Encoding.Latin1.GetString(reply.Raw), StringComparison.Ordinal);
        }

        Assert.Equal(
            0, server.Count("SELECT COUNT(*) FROM certificates WHERE common_name IN ('wrong','prefix','missing','blank','doubled')"));
    }

    [Fact]
    public async Task The_previous_challenge_is_accepted_during_rotation()
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(device.Csr("CN=rotation", ScepServerFixture.PreviousChallenge), device);
        (await Wire.SendAsync(request.Build())).Issued(device);
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM enrolments WHERE vouched_by = 'previous'"));
    }

    [Fact]
    [Trait("Conformance", "S-S6")]
    [Trait("Conformance", "S-S8")]
    [Trait("Conformance", "P-26")]
    public async Task The_same_request_gets_the_same_certificate_and_everything_is_written_once()
    {
        var device = ScepDevice.Shared();
        var message = (await Wire.RequestAsync(device.Csr("CN=again", server.Challenge), device)).Build();
        var serials = new List<string>();
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Wire.SendAsync(message))))
            serials.Add(reply.Issued(device).SerialNumber);
        var serial = Assert.Single(serials.Distinct());

        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM certificates WHERE common_name = 'again'"));
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM enrolments WHERE subject = 'CN=again'"));
        Assert.Equal(
            1,
            server.Count($"SELECT COUNT(*) FROM audit_events WHERE serial_number = '{serial.ToLowerInvariant().PadLeft(40, '0')}' AND "
                + "action = 'scep_pkcsreq'"));
    }

    [Fact]
    [Trait("Conformance", "S-S4")]
    [Trait("Conformance", "S-S5")]
    public async Task One_transactionID_serves_many_requests_and_each_requester_has_its_own()
    {
        var (first, second) = (ScepDevice.Shared(0), ScepDevice.Shared(1));
        var one = (await Wire.SendAsync((await Wire.RequestAsync(first.Csr("CN=shared id 1", server.Challenge), first)).Build()))
            .Issued(first);
        var two = (await Wire.SendAsync((await Wire.RequestAsync(first.Csr("CN=shared id 2", server.Challenge), first)).Build()))
            .Issued(first);
        var other = (await Wire.SendAsync((await Wire.RequestAsync(second.Csr("CN=shared id 3", server.Challenge), second)).Build()))
            .Issued(second);
        Assert.Equal(3, new[] { one.SerialNumber, two.SerialNumber, other.SerialNumber }.Distinct().Count());
        Assert.Equal(["CN=shared id 1", "CN=shared id 2", "CN=shared id 3"], [one.Subject, two.Subject, other.Subject]);
    }

    [Fact]
    [Trait("Conformance", "S-R15")]
    [Trait("Conformance", "S-R16")]
    [Trait("Conformance", "S-F5")]
    [Trait("Conformance", "S-S2")]
    [Trait("Conformance", "A-28")]
    public async Task A_poll_finds_the_transaction_of_the_same_key_and_no_other()
    {
        var (device, stranger) = (ScepDevice.Shared(0), ScepDevice.Shared(1));
        var request = await Wire.RequestAsync(device.Csr("CN=polled", server.Challenge), device);
        var issued = (await Wire.SendAsync(request.Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable("POLL-1")).Build()))
            .Issued(device);

        Assert.Equal(issued.SerialNumber, (await Wire.SendAsync(await PollAsync(device, "POLL-1"))).Issued(device).SerialNumber);
        Assert.Equal(issued.SerialNumber, (await Wire.SendAsync(await PollAsync(device, "POLL-1"))).Issued(device).SerialNumber);
        (await Wire.SendAsync(await PollAsync(stranger, "POLL-1"))).MustFail(FailureReason.TransactionUnknown);
        (await Wire.SendAsync(await PollAsync(device, "POLL-2"))).MustFail(FailureReason.TransactionUnknown);
    }

    [Fact]
    [Trait("Conformance", "S-M8")]
    public async Task A_self_signed_signer_needs_the_key_of_the_request_and_not_its_subject()
    {
        var (device, other) = (ScepDevice.Shared(0, "CN=anything else"), ScepDevice.Shared(1));
        (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=own key", server.Challenge), device)).Build())).Issued(device);
        (await Wire.SendAsync((await Wire.RequestAsync(other.Csr("CN=foreign key", server.Challenge), device)).Build()))
            .MustFail(FailureReason.SignerKeyMismatch);
    }

    [Fact]
    [Trait("Conformance", "S-M22")]
    [Trait("Conformance", "S-R3")]
    public async Task No_failure_behind_the_envelope_can_be_told_from_another()
    {
        var device = ScepDevice.Shared();
        var csr = device.Csr("CN=oracle", server.Challenge);
        var badSignature = csr.ToArray();
        badSignature[^1] ^= 1;
        async Task<ForgedRequest> Fresh(byte[] plaintext) => await Wire.RequestAsync(plaintext, device);

        var notACsr = await Fresh([1, 2, 3, 4]);
        var wrongSignature = await Fresh(badSignature);
        var badPadding = await Fresh(csr);
        badPadding.Ciphertext = badPadding.Encrypt([.. csr, .. new byte[16 - (csr.Length % 16)]], PaddingMode.None);
        var badKeyPadding = await Fresh(csr);
        badKeyPadding.EncryptedKey = RandomNumberGenerator.GetBytes(256);
        badKeyPadding.EncryptedKey[0] = 0;
        var wrongKeyLength = await Fresh(csr);
        using (var ra = wrongKeyLength.Recipient.GetRSAPublicKey()!)
            wrongKeyLength.EncryptedKey = ra.Encrypt(new byte[24], RSAEncryptionPadding.Pkcs1);
        var trailing = await Fresh([.. csr, 0]);

        var seen = new HashSet<string>();
        foreach (var request in new[] { notACsr, wrongSignature, badPadding, badKeyPadding, wrongKeyLength, trailing })
        {
            var reply = (await Wire.SendAsync(request.Build())).MustFail(FailureReason.UnreadableContent);
            seen.Add($"{reply.FailInfo} {reply.FailInfoText} {reply.Raw.Length} {reply.Attributes.Count}");
        }

        Assert.Single(seen);
    }

    [Theory]
    [InlineData(1024)]
    [Trait("Conformance", "S-M26")]
    [Trait("Conformance", "S-F1")]
    public async Task A_weak_key_is_badAlg(int bits)
    {
        using var weak = RSA.Create(bits);
        var device = ScepDevice.OfKey(weak);
        (await Wire.SendAsync((await Wire.RequestAsync(device.Csr("CN=weak", server.Challenge), device)).Build()))
            .MustFail(FailureReason.UnsupportedAlgorithm);
    }

    [Fact]
    [Trait("Conformance", "S-M13")]
    public async Task Messages_of_no_type_that_asks_are_refused_as_badRequest()
    {
        var device = ScepDevice.Shared();
        foreach (var type in new[] { "3", "18", "abc" })
        {
            var request = await Wire.RequestAsync(device.Csr("CN=type", server.Challenge), device);
            (await Wire.SendAsync(request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(type)).Build()))
                .MustFail(FailureReason.UnknownMessageType);
        }
    }

    [Fact]
    [Trait("Conformance", "S-P11")]
    [Trait("Conformance", "S-M18")]
    public async Task AES_256_and_SHA_512_come_back_as_they_went()
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(device.Csr("CN=aes256", server.Challenge), device);
        (request.CipherOid, request.ContentKey, request.Digest, request.DigestOid) =
            (Aes256, RandomNumberGenerator.GetBytes(32), HashAlgorithmName.SHA512, "2.16.840.1.101.3.4.2.3");
        var reply = await Wire.SendAsync(request.Build());
        reply.Issued(device);
        Assert.Contains(
            Convert.ToHexString(ForgedRequest.Der(w => w.WriteObjectIdentifier(Aes256))),
            Convert.ToHexString(reply.Content),
            StringComparison.Ordinal);
        Assert.Equal(64, reply.Attributes["1.2.840.113549.1.9.4"].Length - 2);
    }

    private async Task<byte[]> PollAsync(ScepDevice device, string transactionId)
    {
        var issuerAndSubject = ForgedRequest.Der(w =>
        {
            using (w.PushSequence())
            {
                w.WriteEncodedValue(new X500DistinguishedName("CN=whatever CA").RawData);
                w.WriteEncodedValue(new X500DistinguishedName("CN=whatever subject").RawData);
            }
        });
        var request = await Wire.RequestAsync(issuerAndSubject, device);
        return request.Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20"))
            .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transactionId)).Build();
    }

    [Fact]
    [Trait("Conformance", "S-F2")]
    public async Task A_damaged_signature_is_badMessageCheck()
    {
        var device = ScepDevice.Shared();
        var message = (await Wire.RequestAsync(device.Csr("CN=damaged", server.Challenge), device)).Build();

        // The signature ends the message.
        message[^1] ^= 1;
        (await Wire.SendAsync(message)).MustFail(FailureReason.MessageCheckFailed);
    }

    [Fact]
    [Trait("Conformance", "S-S10")]
    public async Task What_is_encrypted_to_the_CA_is_not_opened()
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(device.Csr("CN=to the CA", server.Challenge), device);
        request.Recipient = await Wire.CaAsync();
        (await Wire.SendAsync(request.Build())).MustFail(FailureReason.NotEncryptedToUs);
    }

    [Fact]
    [Trait("Conformance", "S-M15")]
    public async Task A_PKCSReq_with_the_content_of_a_poll_is_badRequest()
    {
        var device = ScepDevice.Shared();
        var request = await Wire.RequestAsync(ForgedRequest.Der(w =>
        {
            using (w.PushSequence())
            {
                w.WriteEncodedValue(device.Certificate.SubjectName.RawData);
                w.WriteEncodedValue(device.Certificate.SubjectName.RawData);
            }
        }), device);
        (await Wire.SendAsync(request.Build())).MustFail(FailureReason.UnreadableContent);
    }
}
