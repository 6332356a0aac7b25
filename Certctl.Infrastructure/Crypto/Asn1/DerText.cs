using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>Text of the ASN.1 string types, read as devices mean it rather than as the character sets have it.</summary>
internal static class DerText
{
    private static readonly UTF32Encoding Utf32 = new(bigEndian: true, byteOrderMark: false);

    public static bool IsString(byte tag) => EncodingOf(tag) is not null;

    /// <summary>False when the tag is no string's or the octets are no text in its encoding.</summary>
    public static bool TryDecode(byte tag, ReadOnlySpan<byte> content, out string text)
    {
        text = string.Empty;
        if (EncodingOf(tag) is not { } encoding || !IsText(tag, content))
            return false;
        text = encoding.GetString(content);
        return true;
    }

    // Looked at first: a strict encoding says no by an exception, which costs a stranger three octets and us a kilobyte.
    private static bool IsText(byte tag, ReadOnlySpan<byte> content) => tag switch
    {
        DerTag.Utf8String => Utf8.IsValid(content),
        DerTag.BmpString => IsUtf16(content),
        DerTag.UniversalString => IsUtf32(content),
        _ => true,
    };

    private static bool IsUtf16(ReadOnlySpan<byte> content)
    {
        if (content.Length % sizeof(char) != 0)
            return false;
        for (var afterHigh = false; ; content = content[sizeof(char)..])
        {
            if (content.IsEmpty)
                return !afterHigh;
            var unit = (char)BinaryPrimitives.ReadUInt16BigEndian(content);
            if (char.IsLowSurrogate(unit) != afterHigh)
                return false;
            afterHigh = char.IsHighSurrogate(unit);
        }
    }

    private static bool IsUtf32(ReadOnlySpan<byte> content)
    {
        if (content.Length % sizeof(int) != 0)
            return false;
        for (; !content.IsEmpty; content = content[sizeof(int)..])
        {
            if (!Rune.IsValid(BinaryPrimitives.ReadInt32BigEndian(content)))
                return false;
        }

        return true;
    }

    private static Encoding? EncodingOf(byte tag) => tag switch
    {
        DerTag.Utf8String => Encoding.UTF8,
        DerTag.BmpString => Encoding.BigEndianUnicode,
        DerTag.UniversalString => Utf32,
        // Compat: devices put '_', '@', '*' and Latin-1 letters into PrintableString and IA5String, and T61String is Latin-1 in practice.
        DerTag.PrintableString or DerTag.Ia5String or DerTag.T61String or DerTag.NumericString or DerTag.VisibleString => Encoding.Latin1,
        _ => null,
    };
}
