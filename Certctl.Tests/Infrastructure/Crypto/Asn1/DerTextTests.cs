using System.Text;
using Certctl.Infrastructure.Crypto.Asn1;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Asn1;

public sealed class DerTextTests
{
    [Theory]
    [InlineData(DerTag.Utf8String, "4765724BC3A474", "GerKät")]
    [InlineData(DerTag.Utf8String, "C3", null)]
    [InlineData(DerTag.Utf8String, "C080", null)]
    [InlineData(DerTag.Utf8String, "EDA080", null)]
    [InlineData(DerTag.BmpString, "004700E4", "Gä")]
    [InlineData(DerTag.BmpString, "D83DDE00", "😀")]
    [InlineData(DerTag.BmpString, "0A", null)]
    [InlineData(DerTag.BmpString, "D83D", null)]
    [InlineData(DerTag.BmpString, "D83DD83DDE00", null)]
    [InlineData(DerTag.BmpString, "DE000041", null)]
    [InlineData(DerTag.UniversalString, "0001F600", "😀")]
    [InlineData(DerTag.UniversalString, "00110000", null)]
    [InlineData(DerTag.UniversalString, "0000D800", null)]
    [InlineData(DerTag.UniversalString, "80000041", null)]
    [InlineData(DerTag.UniversalString, "000041", null)]
    [InlineData(DerTag.PrintableString, "41E4", "Aä")]
    [InlineData(DerTag.OctetString, "41", null)]
    public void Octets_are_text_or_are_refused(byte tag, string hex, string? text)
    {
        Assert.Equal(text is not null, DerText.TryDecode(tag, Convert.FromHexString(hex), out var read));
        Assert.Equal(text ?? "", read);
    }

    [Fact]
    public void What_is_text_is_what_the_platform_s_strict_encodings_say()
    {
        (byte Tag, Encoding Strict)[] encodings =
        [
            (DerTag.Utf8String, new UTF8Encoding(false, throwOnInvalidBytes: true)),
            (DerTag.BmpString, new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true)),
            (DerTag.UniversalString, new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true)),
        ];
        var random = new Random(7);
        foreach (var (tag, strict) in encodings)
        {
            for (var i = 0; i < 3000; i++)
            {
                // Octets that are often those of surrogates, of leads and of zeros.
                var octets = Enumerable.Range(0, random.Next(9))
                    .Select(_ => random.Next(3) switch { 0 => (byte)0, 1 => (byte)(0xD7 + random.Next(10)), _ => (byte)random.Next(256) })
                    .ToArray();
                Assert.Equal(Read(strict, octets), DerText.TryDecode(tag, octets, out var text) ? text : null);
            }
        }
    }

    private static string? Read(Encoding strict, byte[] octets)
    {
        try
        {
            return strict.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
