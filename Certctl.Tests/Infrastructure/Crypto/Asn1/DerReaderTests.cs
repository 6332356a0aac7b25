using System.Formats.Asn1;
using Certctl.Infrastructure.Crypto.Asn1;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Asn1;

public sealed class DerReaderTests
{
    [Theory]
    [InlineData("nothing", "")]
    [InlineData("no length", "02")]
    [InlineData("content that ends early", "0202FF")]
    [InlineData("an indefinite length", "30800000")]
    [InlineData("a length in more octets than needed", "02810101")]
    [InlineData("a length with a leading zero", "0482008000")]
    [InlineData("a high tag number", "1F810100")]
    public void What_is_not_strict_der_is_not_read_and_the_cursor_stays(string what, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var reader = new DerReader(bytes);

        Assert.False(reader.TryReadAny(out _, out _, out _), what);
        Assert.Equal(bytes.Length == 0, reader.AtEnd);
        Assert.Equal(bytes.Length == 0 ? 0 : bytes[0], reader.PeekTag);
    }

    [Fact]
    public void Elements_are_read_in_order_without_copies()
    {
        byte[] bytes = [0x30, 0x03, 0x02, 0x01, 0x05, 0x04, 0x02, 0xAA, 0xBB];
        var reader = new DerReader(bytes);

        Assert.False(reader.TryRead(DerTag.OctetString, out _));
        Assert.True(reader.TryEnter(DerTag.Sequence, out var inner));
        Assert.True(inner.TryReadInt32(out var five));
        Assert.True(inner.AtEnd);
        Assert.True(reader.TryRead(DerTag.OctetString, out var content, out var whole));
        Assert.Equal(5, five);
        Assert.True(content.Equals(bytes.AsMemory(7)));
        Assert.True(whole.Equals(bytes.AsMemory(5)));
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("1.2.840.113549.1.9.7")]
    [InlineData("2.5.4.3")]
    [InlineData("0.9.2342.19200300.100.1.25")]
    [InlineData("1.39.1")]
    [InlineData("2.999.1")]
    [InlineData("2.16.840.1.113733.1.9.2")]
    [InlineData("2.25.340282366920938463463374607431768211455")]
    public void Identifiers_come_out_as_another_encoder_put_them_in(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        var reader = new DerReader(writer.Encode());

        Assert.True(reader.TryReadOid(out var read));
        Assert.Equal(oid, read);
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("no octets", "0600")]
    [InlineData("an unfinished arc", "06022A86")]
    [InlineData("a padded arc", "06032A8001")]
    [InlineData("an arc beyond 128 bits", "06142A84808080808080808080808080808080808000")]
    [InlineData("no OID", "020101")]
    public void Defective_identifiers_are_not_read(string what, string hex)
    {
        var reader = new DerReader(Convert.FromHexString(hex));
        Assert.False(reader.TryReadOid(out var oid), what);
        Assert.Equal(string.Empty, oid);
        Assert.False(reader.AtEnd);
    }

    [Fact]
    public void An_identifier_of_a_megabyte_is_refused()
    {
        byte[] bomb = [0x06, 0x83, 0x10, 0x00, 0x00, .. Enumerable.Repeat((byte)0x01, 0x100000)];
        Assert.False(new DerReader(bomb).TryReadOid(out _));
    }

    [Theory]
    [InlineData("020100", 0)]
    [InlineData("0201FF", -1)]
    [InlineData("02020080", 128)]
    [InlineData("02047FFFFFFF", int.MaxValue)]
    [InlineData("020480000000", int.MinValue)]
    [InlineData("02050080000000", null)]
    [InlineData("0200", null)]
    [InlineData("02020001", null)]
    [InlineData("0202FF80", null)]
    public void Integers_are_read_when_they_fit_and_are_minimal(string hex, int? expected)
    {
        var read = new DerReader(Convert.FromHexString(hex)).TryReadInt32(out var value);
        Assert.Equal(expected, read ? value : null);
    }

    [Theory]
    [InlineData("020100", "")]
    [InlineData("02020080", "80")]
    [InlineData("02017F", "7F")]
    [InlineData("020180", null)]
    public void Unsigned_integers_lose_their_leading_zero_and_negative_ones_are_refused(string hex, string? expected)
    {
        var read = new DerReader(Convert.FromHexString(hex)).TryReadUnsigned(out var magnitude);
        Assert.Equal(expected, read ? Convert.ToHexString(magnitude.Span) : null);
    }

    [Theory]
    [InlineData("0302005A", "5A")]
    [InlineData("030100", "")]
    [InlineData("0300", null)]
    [InlineData("0302045A", null)]
    public void Bit_strings_are_whole_octets(string hex, string? expected)
    {
        var read = new DerReader(Convert.FromHexString(hex)).TryReadOctetsInBitString(out var octets);
        Assert.Equal(expected, read ? Convert.ToHexString(octets.Span) : null);
    }

    [Theory]
    [InlineData("170D3236303130323033303430355A", "2026-01-02T03:04:05Z")]
    [InlineData("170D3439313233313233353935395A", "2049-12-31T23:59:59Z")]
    [InlineData("170D3530303130313030303030305A", "1950-01-01T00:00:00Z")]
    [InlineData("180F32303234303232393030303030305A", "2024-02-29T00:00:00Z")]
    [InlineData("180F39393939313233313233353935395A", "9999-12-31T23:59:59Z")]
    [InlineData("180F32303233303232393030303030305A", null)]
    [InlineData("180F30303030303130313030303030305A", null)]
    [InlineData("170D3236313330323033303430355A", null)]
    [InlineData("170D3236303130323234303430355A", null)]
    [InlineData("170D3236303130323033303436305A", null)]
    [InlineData("170B323630313032303330345A", null)]
    [InlineData("170D32363031303230332D3430355A", null)]
    [InlineData("040D3236303130323033303430355A", null)]
    public void Times_are_read_within_the_calendar(string hex, string? expected)
    {
        var reader = new DerReader(Convert.FromHexString(hex));
        var read = DerTime.TryRead(ref reader, out var time);
        Assert.Equal(expected, read ? time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) : null);
        Assert.Equal(expected is not null, reader.AtEnd);
    }
}
