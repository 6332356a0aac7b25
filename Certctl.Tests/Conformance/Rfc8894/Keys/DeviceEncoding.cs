using System.Formats.Asn1;
using Certctl.Tests.Infrastructure.Crypto.X509;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary>
/// DER, or one of the ways in which devices depart from it. Writes finished DER anew, and leaves alone what is signed as DER.
/// </summary>
internal sealed record DeviceEncoding(string Name, bool IsIndefinite, bool IsSegmented)
{
    // Where the certificates and the SignerInfo begin, counted from the ContentInfo.
    private const int SignedDepth = 4;
    private const byte Explicit0 = 0xA0;
    private const int Segment = 100;

    public static readonly DeviceEncoding[] All =
        [new("DER", false, false), new("BER indefinite", true, false), new("segmented", false, true)];

    /// <summary>Of the EnvelopedData in its ContentInfo: nothing in it is signed by itself.</summary>
    public byte[] Inside(byte[] der) => Write(der, depth: 0, int.MaxValue);

    /// <summary>Of the SignedData in its ContentInfo.</summary>
    public byte[] Outside(byte[] der) => Write(der, depth: 0, SignedDepth);

    private byte[] Write(ReadOnlySpan<byte> der, int depth, int signedDepth)
    {
        AsnDecoder.ReadEncodedValue(der, AsnEncodingRules.BER, out var offset, out var length, out var whole);
        var tag = der[0];
        var content = der.Slice(offset, length);

        // eContent is the only [0] at this depth.
        if (depth == signedDepth && tag != Explicit0)
            return der[..whole].ToArray();
        if ((tag & 0x20) != 0)
        {
            var children = new List<byte[]>();
            for (var rest = content; !rest.IsEmpty; rest = rest[Size(rest)..])
                children.Add(Write(rest, depth + 1, signedDepth));
            return Constructed(tag, children);
        }

        // OCTET STRING, and the [0] IMPLICIT OCTET STRING of encryptedContent.
        return IsSegmented && tag is (0x04 or 0x80) && content.Length > Segment
            ? Constructed((byte)(tag | 0x20), [.. content.ToArray().Chunk(Segment).Select(piece => Der.Tlv(0x04, piece))])
            : der[..whole].ToArray();
    }

    private byte[] Constructed(byte tag, List<byte[]> children) =>
        IsIndefinite ? [tag, 0x80, .. children.SelectMany(child => child), 0, 0] : Der.Tlv(tag, [.. children]);

    private static int Size(ReadOnlySpan<byte> der)
    {
        AsnDecoder.ReadEncodedValue(der, AsnEncodingRules.BER, out _, out _, out var whole);
        return whole;
    }
}
