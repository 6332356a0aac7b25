using System.Formats.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Cms;

public sealed class DerWriterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void Lengths_are_minimal_at_every_border(int length)
    {
        var content = new byte[length];
        Random.Shared.NextBytes(content);
        using var writer = new DerWriter(16);
        using (writer.Open(0x30))
        using (writer.Open(0xA0))
            writer.Write(0x04, content);

        var expected = new AsnWriter(AsnEncodingRules.DER);
        using (expected.PushSequence())
        using (expected.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            expected.WriteOctetString(content);
        Assert.Equal(expected.Encode(), writer.ToArray());
    }
}
