using Certctl.Infrastructure.Crypto.Cms.Recipients;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Cms;

public sealed class KeyWrapTests
{
    [Theory]
    [InlineData(16, "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")]
    [InlineData(24, "00112233445566778899AABBCCDDEEFF0001020304050607", "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2")]
    [InlineData(
        32,
        "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
        "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")]
    public void The_vectors_of_RFC_3394_section_4_come_out(int wrappingKeyLength, string key, string expected)
    {
        byte[] wrappingKey = [.. Enumerable.Range(0, wrappingKeyLength).Select(i => (byte)i)];
        var wrapped = new byte[KeyWrap.WrappedLength(key.Length / 2)];

        KeyWrap.Wrap(wrappingKey, Convert.FromHexString(key), wrapped);

        Assert.Equal(expected, Convert.ToHexString(wrapped));
    }

    [Fact]
    public void A_key_of_one_block_cannot_be_wrapped() =>
        Assert.Throws<ArgumentException>(() => KeyWrap.Wrap(new byte[16], new byte[8], new byte[16]));
}
