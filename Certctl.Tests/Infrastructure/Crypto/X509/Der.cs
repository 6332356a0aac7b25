using System.Formats.Asn1;
using System.Text;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

/// <summary>DER put together by hand, so that it can be wrong wherever a test wants it wrong.</summary>
internal static class Der
{
    public static byte[] Tlv(byte tag, params byte[][] parts)
    {
        var content = parts.SelectMany(part => part).ToArray();
        byte[] length = content.Length switch
        {
            < 0x80 => [(byte)content.Length],
            < 0x100 => [0x81, (byte)content.Length],
            _ => [0x82, (byte)(content.Length >> 8), (byte)content.Length],
        };
        return [tag, .. length, .. content];
    }

    public static byte[] Sequence(params byte[][] parts) => Tlv(0x30, parts);

    public static byte[] Set(params byte[][] parts) => Tlv(0x31, parts);

    public static byte[] Text(byte tag, string text) => Tlv(tag, tag switch
    {
        0x0C => Encoding.UTF8.GetBytes(text),
        0x1E => Encoding.BigEndianUnicode.GetBytes(text),
        0x1C => new UTF32Encoding(bigEndian: true, byteOrderMark: false).GetBytes(text),
        _ => Encoding.Latin1.GetBytes(text),
    });

    public static byte[] Oid(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return writer.Encode();
    }

    public static byte[] Rdn(string oid, byte[] value) => Set(Sequence(Oid(oid), value));

    /// <summary>The outermost element with an indefinite length instead.</summary>
    public static byte[] Indefinite(byte[] der)
    {
        var header = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7F);
        return [der[0], 0x80, .. der[header..], 0, 0];
    }
}
