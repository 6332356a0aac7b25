using System.Formats.Asn1;
using Certctl.Infrastructure.Crypto.Asn1;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Asn1;

public sealed class DerHeaderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0x7F)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    [InlineData(0x100)]
    [InlineData(0xFFFF)]
    [InlineData(0x10000)]
    [InlineData(0xFFFFFF)]
    [InlineData(0x1000000)]
    public void The_header_of_a_SEQUENCE_is_the_platforms(int length)
    {
        // An OCTET STRING of that length begins alike, but for its tag.
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(new byte[length]);
        var expected = writer.Encode()[..^length];
        expected[0] = 0x30;
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(DerHeader.OfSequence(length)));
    }

    [Fact]
    public void The_longest_has_four_octets() => Assert.Equal("30847FFFFFFF", Convert.ToHexString(DerHeader.OfSequence(int.MaxValue)));
}
