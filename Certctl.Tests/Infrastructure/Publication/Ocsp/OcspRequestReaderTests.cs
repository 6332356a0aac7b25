using System.Security.Cryptography;
using Certctl.Application.Publication.Ocsp;
using Certctl.Infrastructure.Publication.Ocsp;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Infrastructure.Publication.Ocsp;

public sealed class OcspRequestReaderTests(ITestOutputHelper output)
{
    private const string Sha1 = "1.3.14.3.2.26";
    private const string NonceOid = "1.3.6.1.5.5.7.48.1.2";
    private static readonly byte[] Null = [0x05, 0x00];
    private static readonly byte[] True = [0x01, 0x01, 0xFF];

    [Theory]
    [InlineData("ocsp-rustcrypto/sha1-certid-ocsp-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/sha224-certid-ocsp-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/sha256-certid-ocsp-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/sha384-certid-ocsp-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/sha512-certid-ocsp-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/ocsp-signed-req.der", 1, null)]
    [InlineData("ocsp-rustcrypto/ocsp-multiple-requests-req.der", 8, null)]
    [InlineData("ocsp-rustcrypto/ocsp-multiple-requests-nonce-req.der", 8, 34)]
    [InlineData("ocsp-asn1crypto/ocsp_request", 1, 18)]
    [Trait("Conformance", "O-7")]
    [Trait("Conformance", "O-19")]
    public void Requests_of_others_are_read(string file, int entries, int? nonce)
    {
        if (TestVectors.Find(file, output) is not { } path)
            return;
        var request = Read(File.ReadAllBytes(path));
        Assert.Equal(entries, request.Entries.Count);
        Assert.Equal(nonce, request.Nonce?.Length);
        Assert.True(
            request.Entries[0].SerialNumber is "0000000000000000000000000000000000010001" or "00000000620e3a594e866fd1b68dd23ff2a54022");
        Assert.Equal(
            entries == 8 ? "00000000000000000000000000000000ffffffff" : request.Entries[0].SerialNumber, request.Entries[^1].SerialNumber);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(15, true)]
    [InlineData(16, true)]
    [InlineData(32, true)]
    [InlineData(33, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [Trait("Conformance", "O-16")]
    public void A_nonce_has_1_to_128_octets(int length, bool isRead)
    {
        var nonce = Tlv(0x04, RandomNumberGenerator.GetBytes(length));
        var request = WithExtensions(Extension(NonceOid, nonce));
        if (isRead)
            Assert.Equal(nonce, Read(request).Nonce!.Value.ToArray());
        else
            Refused("nonce", request);
    }

    [Fact]
    [Trait("Conformance", "O-16")]
    public void A_nonce_is_an_OCTET_STRING_and_stands_once()
    {
        var good = Extension(NonceOid, Tlv(0x04, new byte[16]));
        Refused("nonce", WithExtensions(Extension(NonceOid, RandomNumberGenerator.GetBytes(16))));
        Refused("nonce", WithExtensions(Extension(NonceOid, [.. Tlv(0x04, new byte[16]), 0x05, 0x00])));
        Refused("twice", WithExtensions(good, good));
        Assert.NotNull(Read(WithExtensions(Extension(NonceOid, True, Tlv(0x04, new byte[16])))).Nonce);
    }

    [Fact]
    [Trait("Conformance", "O-18")]
    public void Extensions_that_are_not_known_are_passed_over_unless_they_are_critical()
    {
        var (harmless, critical) = (Extension("1.2.3.4", Null), Extension("1.2.3.4", True, Null));
        Assert.Null(Read(WithExtensions(harmless)).Nonce);
        Assert.Single(Read(Request(Entry(CertId(), harmless))).Entries);
        Refused("1.2.3.4", WithExtensions(critical));
        Refused("1.2.3.4", Request(Entry(CertId(), critical)));

        // A nonce belongs to the request as a whole.
        Refused(NonceOid, Request(Entry(CertId(), Extension(NonceOid, True, Tlv(0x04, new byte[16])))));
    }

    [Fact]
    [Trait("Conformance", "O-18")]
    public void A_critical_list_of_response_types_without_the_basic_one_is_refused()
    {
        const string acceptable = "1.3.6.1.5.5.7.48.1.4";
        byte[] basic = Oid("1.3.6.1.5.5.7.48.1.1"), other = Oid("1.2.3");
        Read(WithExtensions(Extension(acceptable, True, Sequence(other, basic))));
        Read(WithExtensions(Extension(acceptable, Sequence(other))));
        Refused("response type", WithExtensions(Extension(acceptable, True, Sequence(other))));
    }

    [Fact]
    [Trait("Conformance", "O-24")]
    public void More_than_32_entries_or_64_KiB_are_refused()
    {
        Assert.Equal(32, Read(Request([.. Enumerable.Repeat(Entry(CertId()), 32)])).Entries.Count);
        Refused("32 entries", Request([.. Enumerable.Repeat(Entry(CertId()), 33)]));
        Refused("32 entries", Request([.. Enumerable.Repeat(Entry(CertId()), 500)]));
        var large = Extension("1.2.3.4", new byte[65_300]);
        Read(WithExtensions(large));
        Refused("65536 octets", WithExtensions(large, Extension("1.2.3.5", new byte[300])));
    }

    [Fact]
    [Trait("Conformance", "O-4")]
    public void What_is_no_request_in_DER_is_refused()
    {
        var good = Request();
        Read(good);
        Refused("DER", []);
        Refused("DER", [.. good, 0x00]);
        Refused("DER", good[..^1]);
        Refused("DER", Indefinite(good));
        Refused("no entry", Sequence(Sequence(Sequence())));
        Refused("no entry", Sequence(Sequence()));
        Refused("no Request", Request(Sequence()));
        Refused("no Request", Request(Entry([.. CertId()[..^1]])));
        Refused("behind an entry", Request(Sequence(CertId(), Null)));
        Refused("version", Sequence(Sequence(Tlv(0xA0, [0x02, 0x01, 0x01]), Sequence(Entry(CertId())))));
        Read(Sequence(Sequence(Tlv(0xA0, [0x02, 0x01, 0x00]), Sequence(Entry(CertId())))));
        Refused("behind the requestExtensions", Sequence(Sequence(Sequence(Entry(CertId())), Null)));
        Refused("DER", Sequence(Sequence(Sequence(Entry(CertId()))), Null));
    }

    [Fact]
    [Trait("Conformance", "O-19")]
    public void Requestor_and_signature_are_not_looked_at()
    {
        var unread = Read(Sequence(
            Sequence(Tlv(0xA1, Tlv(0x82, "me"u8.ToArray())), Sequence(Entry(CertId()))), Tlv(0xA0, "no signature"u8.ToArray())));
        Assert.Equal(Read(Request()).CertIds.ToArray(), unread.CertIds.ToArray());
    }

    [Theory]
    [InlineData("00", "0000000000000000000000000000000000000000")]
    [InlineData("01", "0000000000000000000000000000000000000001")]
    [InlineData("00FF", "00000000000000000000000000000000000000ff")]
    [InlineData("0A00112233445566778899AABBCCDDEEFF001122", "0a00112233445566778899aabbccddeeff001122")]
    [InlineData("00F123456789012345678901234567890123456789", "f123456789012345678901234567890123456789")]
    [InlineData("FF", null)]
    [InlineData("010000000000000000000000000000000000000000", null)]
    public void Serial_numbers_have_forty_digits_and_those_of_no_certificate_of_ours_none(string octets, string? serialNumber) =>
        Assert.Equal(
            serialNumber,
            Assert.Single(Read(Request(Entry(CertId(serial: Convert.FromHexString(octets))))).Entries).SerialNumber);

    [Fact]
    [Trait("Conformance", "O-4")]
    [Trait("Conformance", "Z-1")]
    public void Damaged_requests_and_anything_else_are_refused_or_read_but_nothing_is_thrown()
    {
        var random = new Random(6960);
        byte[][] good = [
            WithExtensions(Extension(NonceOid, Tlv(0x04, new byte[16])), Extension("1.2.3.4", Null)),
            Request([.. Enumerable.Repeat(Entry(CertId(), Extension("1.2.3.4", Null)), 5)]),
            .. OfOthers("ocsp-*", "*req*"),
        ];
        var (read, refused) = (0, 0);
        for (var i = 0; i < 50_000; i++)
            Count(Mutate(good[i % good.Length], random));
        foreach (var foreign in OfOthers("fuzz-openssl-corpora", "*"))
            Count(foreign);
        output.WriteLine($"{read} read, {refused} refused");
        Assert.True(read > 1000 && refused > 10_000);

        void Count(byte[] input)
        {
            var request = new OcspCodec().Read(input, out var defect);
            Assert.Equal(request is null, defect is not null);
            _ = request is null ? refused++ : read++;
        }
    }

    internal static byte[] Request(params byte[][] entries) => Sequence(Sequence(List(entries)));

    internal static byte[] WithExtensions(params byte[][] extensions) =>
        Sequence(Sequence(List([]), Tlv(0xA2, Sequence(extensions))));

    internal static byte[] WithNonce(byte[] certId, byte[] nonce) =>
        Sequence(Sequence(List([Entry(certId)]), Tlv(0xA2, Sequence(Extension(NonceOid, Tlv(0x04, nonce))))));

    private static byte[] List(byte[][] entries) => Sequence(entries.Length > 0 ? entries : [Entry(CertId())]);

    internal static byte[] Entry(byte[] certId, params byte[][] extensions) =>
        extensions.Length == 0 ? Sequence(certId) : Sequence(certId, Tlv(0xA0, Sequence(extensions)));

    internal static byte[] CertId(string hash = Sha1, byte[]? nameHash = null, byte[]? keyHash = null, byte[]? serial = null) => Sequence(
        Sequence(Oid(hash), Null), Tlv(0x04, nameHash ?? new byte[20]), Tlv(0x04, keyHash ?? new byte[20]), Tlv(0x02, serial ?? [0x01]));

    internal static byte[] Extension(string oid, params byte[][] rest) => Sequence([Oid(oid), .. rest[..^1], Tlv(0x04, rest[^1])]);

    private static OcspRequest Read(byte[] der)
    {
        var request = new OcspCodec().Read(der, out var defect);
        Assert.True(request is not null, defect);
        Assert.Null(defect);
        return request;
    }

    private static void Refused(string why, byte[] der)
    {
        Assert.Null(new OcspCodec().Read(der, out var defect));
        Assert.Contains(why, defect, StringComparison.Ordinal);
    }

    private IEnumerable<byte[]> OfOthers(string folders, string files)
    {
        if (TestVectors.Find("ocsp-rustcrypto/sha1-certid-ocsp-req.der", output) is not { } one)
            return [];
        var vectors = Path.GetDirectoryName(Path.GetDirectoryName(one))!;
        return Directory.GetDirectories(vectors, folders)
            .SelectMany(folder => Directory.GetFiles(folder, files, SearchOption.AllDirectories)).Select(File.ReadAllBytes);
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        var bytes = good.ToList();
        for (var n = random.Next(1, 3); n > 0 && bytes.Count > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 8), bytes.Count - at));
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), random.Next(1, 8)));
                    break;
            }
        }

        return [.. bytes];
    }
}
