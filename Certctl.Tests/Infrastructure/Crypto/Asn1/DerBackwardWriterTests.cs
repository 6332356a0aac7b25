using System.Formats.Asn1;
using System.Numerics;
using Certctl.Infrastructure.Crypto.Asn1;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Asn1;

public sealed class DerBackwardWriterTests
{
    [Theory]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("7F")]
    [InlineData("80")]
    [InlineData("0000")]
    [InlineData("00FF")]
    [InlineData("0001")]
    [InlineData("FF00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("007F000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("000080000000000000000000000000000000000000000000000000000000FFFF")]
    public void An_unsigned_INTEGER_is_the_platforms(string number)
    {
        var expected = new AsnWriter(AsnEncodingRules.DER);
        expected.WriteInteger(new BigInteger(Convert.FromHexString(number), isUnsigned: true, isBigEndian: true));
        var writer = new DerBackwardWriter(new byte[64]);
        writer.WriteUnsignedInteger(Convert.FromHexString(number));
        Assert.Equal(Convert.ToHexString(expected.Encode()), Convert.ToHexString(writer.Written));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(120)]
    [InlineData(124)]
    [InlineData(250)]
    [InlineData(70_000)]
    public void Elements_within_elements_are_the_platforms(int length)
    {
        var expected = new AsnWriter(AsnEncodingRules.DER);
        using (expected.PushSequence())
        {
            expected.WriteNull();
            using (expected.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
                expected.WriteOctetString(new byte[length]);
            expected.WriteBoolean(true);
        }

        var writer = new DerBackwardWriter(new byte[length + 30]);
        writer.Write([0x01, 0x01, 0xFF]);
        var since = writer.Length;
        writer.Write(new byte[length]);
        writer.Enclose(DerTag.OctetString, since);
        writer.Enclose(DerTag.ContextConstructed(1), since);
        writer.Write([0x05, 0x00]);
        writer.Enclose(DerTag.Sequence);
        Assert.Equal(Convert.ToHexString(expected.Encode()), Convert.ToHexString(writer.Written));
        Assert.Equal(writer.Written.Length, writer.Length);
    }

    [Fact]
    public void What_does_not_fit_throws_and_is_not_cut() => Assert.Throws<ArgumentOutOfRangeException>(() =>
    {
        var writer = new DerBackwardWriter(new byte[3]);
        writer.Write([0x05, 0x00]);
        writer.Enclose(DerTag.Sequence);
    });
}
