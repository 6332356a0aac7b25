using Certctl.Infrastructure.Crypto;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

public sealed class NameReaderTests
{
    [Theory]
    [Trait("Conformance", "R-10")]
    [InlineData("UTF8String", 0x0C, "Grüße 設備", "Grüße 設備")]
    [InlineData("NumericString", 0x12, "0123 4", "0123 4")]
    [InlineData("PrintableString", 0x13, "device 1", "device 1")]
    [InlineData("PrintableString with what it must not contain", 0x13, "dev_1@*", "dev_1@*")]
    [InlineData("T61String as Latin-1", 0x14, "Müller", "Müller")]
    [InlineData("IA5String", 0x16, "a@b.example", "a@b.example")]
    [InlineData("VisibleString", 0x1A, "device", "device")]
    [InlineData("UniversalString", 0x1C, "Grüße 𝄞", "Grüße 𝄞")]
    [InlineData("BMPString", 0x1E, "Grüße 設備", "Grüße 設備")]
    public void Every_string_type_is_read(string what, byte tag, string text, string expected)
    {
        var value = Der.Text(tag, text);

        Assert.True(NameReader.TryRead(Der.Sequence(Der.Rdn("2.5.4.3", value)), out var name, out var defect), $"{what}: {defect}");

        var attribute = Assert.Single(Assert.Single(name!.Rdns));
        Assert.Equal(expected, attribute.Value);
        Assert.Equal("2.5.4.3", attribute.Oid);
        Assert.Equal(value, attribute.Der.ToArray());
        Assert.Equal(expected, name.CommonName);
    }

    [Fact]
    public void A_name_keeps_its_order_its_bytes_and_its_multi_valued_parts()
    {
        var der = Der.Sequence(
            Der.Rdn("2.5.4.6", Der.Text(0x13, "DE")),
            Der.Set(
                Der.Sequence(Der.Oid("2.5.4.5"), Der.Text(0x13, "42")),
                Der.Sequence(Der.Oid("2.5.4.3"), Der.Text(0x0C, "a, b"))),
            Der.Rdn("1.2.840.113549.1.9.2", Der.Text(0x16, "router.example")));

        Assert.True(NameReader.TryRead(der, out var name, out _));

        Assert.Equal(der, name!.Der.ToArray());
        Assert.Equal(3, name.Rdns.Count);
        Assert.Equal(2, name.Rdns[1].Count);
        Assert.Equal(@"unstructuredName=router.example,serialNumber=42+CN=a\, b,C=DE", name.ToString());
    }

    [Fact]
    [Trait("Conformance", "Z-1")]
    public void A_name_longer_than_the_limit_is_refused()
    {
        var longest = DecodingLimits.NameOctets - Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, new string('x', 1000)))).Length + 1000;

        Assert.True(NameReader.TryRead(Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, new string('x', longest)))), out _, out _));
        Assert.False(
            NameReader.TryRead(Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, new string('x', longest + 1)))), out _, out var defect));
        Assert.Contains("octets", defect, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_name_is_a_name()
    {
        Assert.True(NameReader.TryRead(Der.Sequence(), out var name, out _));
        Assert.True(name!.IsEmpty);
        Assert.Null(name.CommonName);
    }

    [Fact]
    public void A_value_that_is_no_string_is_shown_in_hex()
    {
        Assert.True(NameReader.TryRead(Der.Sequence(Der.Rdn("2.5.4.45", [0x03, 0x02, 0x00, 0xAB])), out var name, out _));
        Assert.Equal("#030200ab", name!.Rdns[0][0].Value);
    }

    public static TheoryData<string, byte[]> Defective() => new()
    {
        { "nothing", [] },
        { "a SET", Der.Set() },
        { "octets behind it", [.. Der.Sequence(), 0] },
        { "an RDN that is no SET", Der.Sequence(Der.Sequence()) },
        { "an empty RDN", Der.Sequence(Der.Set()) },
        { "an attribute that is no SEQUENCE", Der.Sequence(Der.Set(Der.Set())) },
        { "an attribute without value", Der.Sequence(Der.Set(Der.Sequence(Der.Oid("2.5.4.3")))) },
        {
            "an attribute with two values",
            Der.Sequence(Der.Set(Der.Sequence(Der.Oid("2.5.4.3"), Der.Text(0x0C, "a"), Der.Text(0x0C, "b"))))
        },
        { "a UTF8String that is not UTF-8", Der.Sequence(Der.Rdn("2.5.4.3", [0x0C, 0x01, 0xFF])) },
        { "a BMPString of three octets", Der.Sequence(Der.Rdn("2.5.4.3", [0x1E, 0x03, 0x00, 0x41, 0x00])) },
        { "a BMPString with half a surrogate pair", Der.Sequence(Der.Rdn("2.5.4.3", [0x1E, 0x02, 0xD8, 0x00])) },
        { "a UniversalString beyond Unicode", Der.Sequence(Der.Rdn("2.5.4.3", [0x1C, 0x04, 0x7F, 0x00, 0x00, 0x00])) },
        { "NUL in a name", Der.Sequence(Der.Rdn("2.5.4.3", Der.Text(0x0C, "bank.example\0.evil.example"))) },
        { "65 attributes", Der.Sequence([.. Enumerable.Repeat(Der.Rdn("2.5.4.11", Der.Text(0x0C, "x")), 65)]) },
    };

    [Theory]
    [MemberData(nameof(Defective))]
    public void What_is_no_name_is_refused_in_words(string what, byte[] der)
    {
        Assert.False(NameReader.TryRead(der, out var name, out var defect), what);
        Assert.Null(name);
        Assert.False(string.IsNullOrWhiteSpace(defect));
    }

    [Fact]
    public void Sixty_four_attributes_are_read() =>
        Assert.True(NameReader.TryRead(Der.Sequence([.. Enumerable.Repeat(Der.Rdn("2.5.4.11", Der.Text(0x0C, "x")), 64)]), out _, out _));
}
