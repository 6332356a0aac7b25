using System.Text;

namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>Text of the ASN.1 string types, read as devices mean it rather than as the character sets have it.</summary>
internal static class DerText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding Utf16 = new(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true);
    private static readonly UTF32Encoding Utf32 = new(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true);

    public static bool IsString(byte tag) => EncodingOf(tag) is not null;

    /// <summary>False when the tag is no string's or the octets are no text in its encoding.</summary>
    public static bool TryDecode(byte tag, ReadOnlySpan<byte> content, out string text)
    {
        text = string.Empty;
        var encoding = EncodingOf(tag);
        if (encoding is null)
            return false;
        try
        {
            text = encoding.GetString(content);
            return true;
        }
        catch (DecoderFallbackException)
        {
            // The one way in which a strict encoding says that the octets are no text.
            return false;
        }
    }

    private static Encoding? EncodingOf(byte tag) => tag switch
    {
        DerTag.Utf8String => Utf8,
        DerTag.BmpString => Utf16,
        DerTag.UniversalString => Utf32,
        // Compat: devices put '_', '@', '*' and Latin-1 letters into PrintableString and IA5String, and Latin-1 is what everybody means by T61String.
        DerTag.PrintableString or DerTag.Ia5String or DerTag.T61String or DerTag.NumericString or DerTag.VisibleString => Encoding.Latin1,
        _ => null,
    };
}
