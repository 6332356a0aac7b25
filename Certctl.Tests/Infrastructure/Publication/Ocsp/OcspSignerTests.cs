using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;
using static Certctl.Tests.Infrastructure.Publication.Ocsp.OcspRequestReaderTests;

namespace Certctl.Tests.Infrastructure.Publication.Ocsp;

/// <summary>What stands in a response (RFC 6960 §4.2.1), by the platform's ASN.1 reader.</summary>
public sealed class OcspSignerTests : IDisposable
{
    private const string Sha1 = "1.3.14.3.2.26";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";

    // With a fraction: what is written has none.
    private readonly FakeTimeProvider _clock = new(TestCa.Now.AddMilliseconds(999));
    private readonly OcspBench _bench;

    public OcspSignerTests() => _bench = new OcspBench(clock: _clock);

    public void Dispose() => _bench.Dispose();

    [Fact]
    [Trait("Conformance", "O-5")]
    [Trait("Conformance", "O-10")]
    [Trait("Conformance", "O-11")]
    [Trait("Conformance", "O-14")]
    public async Task A_response_names_its_responder_by_key_has_its_certificate_and_times_in_whole_seconds()
    {
        var serial = _bench.Issue("00f1");
        var reply = await _bench.AskAsync(serial);
        var response = new ParsedResponse(reply.Der);

        using var responder = X509CertificateLoader.LoadCertificate(response.Certificates);
        using var key = responder.GetECDsaPublicKey()!;
        Assert.Equal("300A06082A8648CE3D040302", response.Algorithm);
        Assert.True(key.VerifyData(
            response.ToBeSigned, response.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal(SHA1.HashData(responder.PublicKey.EncodedKeyValue.RawData), response.ResponderKeyHash);

        var entry = Assert.Single(response.Entries);
        Assert.Equal("good", entry.Status);
        Assert.Equal("20261125120000Z", response.ProducedAt);
        Assert.Equal("20261125120000Z", entry.ThisUpdate);
        Assert.Equal("20261125130000Z", entry.NextUpdate);
        Assert.Equal((TestCa.Now, TestCa.Now.AddHours(1)), (reply.Validity!.ThisUpdate, reply.Validity.NextUpdate));
        Assert.Null(entry.Extensions);
        Assert.Null(response.Extensions);
    }

    [Fact]
    [Trait("Conformance", "O-6")]
    [Trait("Conformance", "O-7")]
    [Trait("Conformance", "O-8")]
    [Trait("Conformance", "O-9")]
    public async Task Each_entry_is_answered_in_its_place_under_the_CertID_that_was_asked()
    {
        foreach (var serial in new[] { "01", "02", "03" })
            _bench.Issue(serial);
        _bench.Store.Revoke("2".PadLeft(40, '0'), OcspBench.RevokedAt.AddMilliseconds(500));
        _bench.Store.Revoke("3".PadLeft(40, '0'), OcspBench.RevokedAt, RevocationReason.Unspecified);
        byte[][] asked =
        [
            Own(Sha1, [0x02]),
            Own(Sha256, [0x01]),
            Own("2.16.840.1.101.3.4.2.2", [0x03]),
            Own("2.16.840.1.101.3.4.2.3", [0x01]),

            // Serial numbers that were not issued, and one that cannot be.
            Own(Sha256, [0x04]),
            Own(Sha256, [0xFF]),

            // An algorithm that is not known, with hashes that are anything.
            CertId("2.16.840.1.101.3.4.2.4", new byte[28], new byte[28], [0x01]),

            // Another name, and another key.
            CertId(Sha1, new byte[20], KeyHash(Sha1), [0x01]),
            CertId(Sha1, NameHash(Sha1), new byte[20], [0x01]),

            // Without parameters, and with others than NULL.
            Sequence(Sequence(Oid(Sha1)), Tlv(0x04, NameHash(Sha1)), Tlv(0x04, KeyHash(Sha1)), Tlv(0x02, [0x01])),
            Sequence(Sequence(Oid(Sha1), Oid(Sha1)), Tlv(0x04, NameHash(Sha1)), Tlv(0x04, KeyHash(Sha1)), Tlv(0x02, [0x02])),
        ];
        var entries = new ParsedResponse((await _bench.AskAsync(Request([.. asked.Select(certId => Entry(certId))]))).Der).Entries;

        Assert.Equal(asked.Select(Convert.ToHexString), entries.Select(entry => entry.CertId));
        Assert.Equal(
            ["revoked", "good", "revoked", "good", "unknown", "unknown", "unknown", "unknown", "unknown", "good", "revoked"],
            entries.Select(entry => entry.Status));
        Assert.Equal(("20261124120000Z", "0A0101"), (entries[0].RevokedAt, entries[0].Reason));

        // RFC 5280 §5.3.1: absent rather than unspecified.
        Assert.Equal(("20261124120000Z", null), (entries[2].RevokedAt, entries[2].Reason));
    }

    [Fact]
    [Trait("Conformance", "O-15")]
    public async Task A_nonce_comes_back_as_it_was_in_the_responseExtensions_and_such_an_answer_is_not_kept()
    {
        _bench.Issue("01");
        var nonce = Extension("1.3.6.1.5.5.7.48.1.2", Tlv(0x04, RandomNumberGenerator.GetBytes(32)));
        byte[] request = Sequence(Sequence(Sequence(Entry(Own(Sha1, [0x01]))), Tlv(0xA2, Sequence(nonce))));
        for (var ask = 0; ask < 2; ask++)
        {
            var reply = await _bench.AskAsync(request);
            Assert.Equal(Convert.ToHexString(Sequence(nonce)), new ParsedResponse(reply.Der).Extensions);
            Assert.Null(reply.Validity);
        }

        Assert.Equal(2, _bench.Store.LookUps);
    }

    [Fact]
    [Trait("Conformance", "O-23")]
    public async Task Of_a_certificate_that_ended_it_says_since_when_revocations_are_kept()
    {
        var serial = _bench.Issue("01", TestCa.Now.AddDays(-1));
        var entry = Assert.Single(new ParsedResponse((await _bench.AskAsync(serial)).Der).Entries);
        var since = new DateTimeOffset(_bench.Ca.Certificate.NotBefore).UtcDateTime.ToString("yyyyMMddHHmmss'Z'");
        Assert.Equal(
            Convert.ToHexString(Sequence(Extension("1.3.6.1.5.5.7.48.1.6", Text(0x18, since)))),
            entry.Extensions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "L-9")]
    [Trait("Conformance", "O-23")]
    public async Task Of_a_revoked_certificate_it_says_since_when_its_key_was_no_longer_its_owner_s_alone(bool hasEnded)
    {
        var serial = _bench.Issue("01", TestCa.Now.AddDays(hasEnded ? -1 : 1));
        _bench.Store.Revoke(serial, OcspBench.RevokedAt, invalidSince: OcspBench.RevokedAt.AddDays(-3).AddMilliseconds(700));
        var entry = Assert.Single(new ParsedResponse((await _bench.AskAsync(serial)).Der).Entries);
        var since = new DateTimeOffset(_bench.Ca.Certificate.NotBefore).UtcDateTime.ToString("yyyyMMddHHmmss'Z'");
        byte[][] extensions =
        [
            .. hasEnded ? [Extension("1.3.6.1.5.5.7.48.1.6", Text(0x18, since))] : Array.Empty<byte[]>(),
            Extension("2.5.29.24", Text(0x18, "20261121120000Z")),
        ];
        Assert.Equal(("revoked", Convert.ToHexString(Sequence(extensions))), (entry.Status, entry.Extensions));
    }

    [Fact]
    [Trait("Conformance", "O-8")]
    [Trait("Conformance", "O-12")]
    public async Task A_certificate_of_another_generation_is_unknown_to_this_one()
    {
        _bench.Store.Issue("01".PadLeft(40, '0'), "another", TestCa.Now.AddDays(90));
        var reply = await _bench.AskAsync("01");
        Assert.Equal("unknown", ParsedResponse.StatusOf(reply));
        Assert.Null(reply.Validity);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000", "020100")]
    [InlineData("00000000000000000000000000000000000000ff", "020200FF")]
    [InlineData("0f00112233445566778899aabbccddeeff001122", "02140F00112233445566778899AABBCCDDEEFF001122")]
    public async Task By_its_serial_number_alone_a_certificate_is_asked_about_with_SHA1_hashes(string serial, string integer)
    {
        _bench.Issue(serial);
        var entry = Assert.Single(new ParsedResponse((await _bench.AskAsync(serial)).Der).Entries);
        Assert.Equal("good", entry.Status);
        Assert.Equal(
            Convert.ToHexString(CertId(Sha1, NameHash(Sha1), KeyHash(Sha1), Convert.FromHexString(integer)[2..])), entry.CertId);
    }

    private byte[] Own(string hash, byte[] serial) => CertId(hash, NameHash(hash), KeyHash(hash), serial);

    private byte[] NameHash(string hash) => Hash(hash, _bench.Ca.Certificate.SubjectName.RawData);

    private byte[] KeyHash(string hash) => Hash(hash, _bench.Ca.Certificate.PublicKey.EncodedKeyValue.RawData);

    private static byte[] Hash(string oid, byte[] data) => CryptographicOperations.HashData(
        new HashAlgorithmName(NameOf(oid)), data);

    private static string NameOf(string oid) => new System.Security.Cryptography.Oid(oid).FriendlyName!.ToUpperInvariant();
}
