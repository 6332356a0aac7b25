using Certctl.Infrastructure.Publication.Ocsp;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;
using static Certctl.Tests.Infrastructure.Publication.Ocsp.OcspRequestReaderTests;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

internal static class OcspTargets
{
    public static IEnumerable<byte[]> Seeds() =>
    [
        Request(),
        Request(Entry(CertId(), Extension("1.2.3.4", [0x05, 0x00])), Entry(CertId("2.16.840.1.101.3.4.2.1", new byte[32], new byte[32]))),
        WithExtensions(
            Extension("1.3.6.1.5.5.7.48.1.2", Tlv(0x04, new byte[16])),
            Extension("1.3.6.1.5.5.7.48.1.4", [0x01, 0x01, 0xFF], Sequence(Oid("1.3.6.1.5.5.7.48.1.1")))),
        Sequence(Sequence(Tlv(0xA0, [0x02, 0x01, 0x00]), Tlv(0xA1, Tlv(0x82, "me"u8.ToArray())), Sequence(Entry(CertId()))), Tlv(0xA0)),
    ];

    public static void Read(byte[] input)
    {
        var request = new OcspCodec().Read(input, out var defect);
        ContradictionException.Unless(request is null == defect is not null, "what is refused has a defect");
        if (request is null)
            return;
        ContradictionException.Unless(request.Entries.Count is > 0 and <= 32, "what is read has entries, and not too many");
        ContradictionException.Unless(
            request.CertIds.Length == request.Entries.Sum(entry => entry.Der.Length), "all CertIDs are part of what was asked");
        ContradictionException.Unless(
            request.Entries.All(entry => entry.SerialNumber is null or { Length: 40 }), "a serial number has forty digits");
        ContradictionException.Unless(request.Nonce is null or { Length: >= 3 and <= 131 }, "a nonce has 1 to 128 octets");
    }
}
