using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Domain.Certificates;

/// <summary>RFC 4514 text, and the string types that a CA may write (RFC 5280 §4.1.2.4).</summary>
public sealed class SubjectNameTests
{
    private const string Country = "2.5.4.6";
    private const string Serial = "2.5.4.5";
    private const string Mail = "1.2.840.113549.1.9.1";
    private const string Domain = "0.9.2342.19200300.100.1.25";

    [Theory]
    [InlineData("device", "CN=device")]
    [InlineData(" a", "CN=\\ a")]
    [InlineData("a ", "CN=a\\ ")]
    [InlineData("a b", "CN=a b")]
    [InlineData("a,b+c\"d\\e<f>g;h", "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h")]
    [InlineData("a=b", "CN=a=b")]
    [InlineData("a\nb", "CN=a\\0Ab")]
    [InlineData("Grüße", "CN=Grüße")]
    public void The_text_is_that_of_RFC_4514(string value, string text) => Assert.Equal(text, Name((CommonName, value)).ToString());

    [Fact]
    public void The_most_specific_part_comes_first_and_names_of_unknown_attributes_are_OIDs() =>
        Assert.Equal(
            "1.2.3.4=x,CN=d,OU=two,OU=one,C=DE",
            Name((Country, "DE"), ("2.5.4.11", "one"), ("2.5.4.11", "two"), (CommonName, "d"), ("1.2.3.4", "x")).ToString());

    [Fact]
    public void The_common_name_is_the_last_one()
    {
        Assert.Equal("second", Name((CommonName, "first"), (CommonName, "second"), ("2.5.4.11", "unit")).CommonName);
        Assert.Null(Name(("2.5.4.11", "unit")).CommonName);
        Assert.Null(Name().CommonName);
    }

    [Theory]
    [InlineData(CommonName, UniversalTagNumber.UTF8String, "Müller", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.PrintableString, "device 1", UniversalTagNumber.PrintableString)]
    [InlineData(CommonName, UniversalTagNumber.PrintableString, "dev_1@*", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.PrintableString, "Müller", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.TeletexString, "Müller", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.BMPString, "設備", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.UniversalString, "設備𝄞", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.VisibleString, "device", UniversalTagNumber.UTF8String)]
    [InlineData(CommonName, UniversalTagNumber.IA5String, "Müller", UniversalTagNumber.UTF8String)]
    [InlineData(Country, UniversalTagNumber.UTF8String, "DE", UniversalTagNumber.PrintableString)]
    [InlineData(Country, UniversalTagNumber.PrintableString, "DE", UniversalTagNumber.PrintableString)]
    [InlineData(Serial, UniversalTagNumber.UTF8String, "C02-42", UniversalTagNumber.PrintableString)]
    [InlineData(Serial, UniversalTagNumber.UTF8String, "C02_42", UniversalTagNumber.UTF8String)]
    [InlineData("2.5.4.46", UniversalTagNumber.BMPString, "q", UniversalTagNumber.PrintableString)]
    [InlineData(Mail, UniversalTagNumber.UTF8String, "a@b.example", UniversalTagNumber.IA5String)]
    [InlineData(Mail, UniversalTagNumber.PrintableString, "a@b.example", UniversalTagNumber.IA5String)]
    [InlineData(Mail, UniversalTagNumber.IA5String, "a@b.example", UniversalTagNumber.IA5String)]
    [InlineData(Domain, UniversalTagNumber.UTF8String, "example", UniversalTagNumber.IA5String)]
    [Trait("Conformance", "P-10")]
    [Trait("Conformance", "R-10")]
    public void An_attribute_is_written_in_the_string_type_that_it_may_have(
        string oid, UniversalTagNumber type, string value, UniversalTagNumber expected)
    {
        var name = Name(type, (oid, value));
        var written = name.Normalised();
        Assert.Equal(type == expected, ReferenceEquals(name, written));
        Assert.Equal((name.ToString(), name.Rdns), (written.ToString(), written.Rdns));

        Assert.True(NameReader.TryRead(written.Der, out var read, out var defect), defect);
        var attribute = Assert.Single(Assert.Single(read!.Rdns));
        Assert.Equal((oid, value, (byte)expected), (attribute.Oid, attribute.Value, attribute.Der.Span[0]));
    }

    [Fact]
    public void A_value_that_is_no_string_keeps_its_octets()
    {
        var identifier = new NameAttribute("2.5.4.45", "#030200ab", new byte[] { 0x03, 0x02, 0x00, 0xAB });
        var name = NameOf([identifier]);
        Assert.Same(name, name.Normalised());
        Assert.Equal("2.5.4.45=#030200ab", name.ToString());
    }

    [Fact]
    [Trait("Conformance", "P-10")]
    public void A_multi_valued_part_in_any_order_is_written_as_DER()
    {
        // commonName sorts before serialNumber; the device has it the other way round.
        NameAttribute[] rdn =
            [Attribute(Serial, UniversalTagNumber.PrintableString, "42"), Attribute(CommonName, UniversalTagNumber.UTF8String, "d")];
        var name = NameOf(rdn);
        var written = name.Normalised();
        Assert.NotEqual(name.Der.ToArray(), written.Der.ToArray());
        Assert.Equal("CN=d + SERIALNUMBER=42", new X500DistinguishedName(written.Der.Span).Name);
        Assert.Equal(written.Der.ToArray(), NameOf([rdn[1], rdn[0]]).Normalised().Der.ToArray());
    }

    [Fact]
    public void An_empty_name_stays_empty()
    {
        var name = Name();
        Assert.Same(name, name.Normalised());
        Assert.Equal([0x30, 0x00], name.Der.ToArray());
        Assert.Equal("", name.ToString());
    }
}
