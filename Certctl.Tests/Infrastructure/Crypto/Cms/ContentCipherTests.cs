using System.Security.Cryptography;
using System.Text.Json;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Cms;

public sealed class ContentCipherTests(ITestOutputHelper output)
{
    [Fact]
    public void Padding_is_right_only_when_all_of_it_says_the_same()
    {
        for (var value = 0; value <= 255; value++)
        {
            var block = new byte[16];
            block.AsSpan().Fill(0xEE);
            var isLegal = value is >= 1 and <= 16;
            block.AsSpan(isLegal ? 16 - value : 15).Fill((byte)value);
            if (value != 0xEE)
                Assert.Equal(isLegal ? value : 0, ConstantTime.PaddingLength(block));
            for (var i = isLegal ? 16 - value : 15; i < 15; i++)
            {
                block[i] ^= 1;
                Assert.Equal(0, ConstantTime.PaddingLength(block));
                block[i] ^= 1;
            }
        }
    }

    [Fact]
    [Trait("Conformance", "Z-13")]
    public void Wycheproof_agrees_about_AES_CBC()
    {
        if (TestVectors.Find("wycheproof/aes_cbc_pkcs5_test.json", output) is not { } path)
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (var test in document.RootElement.GetProperty("testGroups")
            .EnumerateArray().SelectMany(g => g.GetProperty("tests").EnumerateArray()))
        {
            var (key, iv, message, encrypted) = (Hex(test, "key"), Hex(test, "iv"), Hex(test, "msg"), Hex(test, "ct"));
            if (encrypted.Length == 0 || encrypted.Length % 16 != 0)
                continue;
            var cipher = key.Length switch { 16 => ContentCipher.Aes128, 24 => ContentCipher.Aes192, _ => ContentCipher.Aes256 };
            var plaintext = new byte[encrypted.Length];
            var length = cipher.Decrypt(key, iv, encrypted, plaintext, out var genuine);
            Assert.True(genuine == (test.GetProperty("result").GetString() == "valid"), test.ToString());
            if (genuine)
                Assert.Equal(message, plaintext[..length]);
        }
    }

    [Fact]
    public void Degenerate_3DES_keys_are_refused_before_the_platform_throws()
    {
        Assert.True(ContentCipher.TripleDes.Refuses(new byte[24]));
        Assert.False(ContentCipher.TripleDes.Refuses(RandomNumberGenerator.GetBytes(24)));
        Assert.False(ContentCipher.Aes192.Refuses(new byte[24]));
    }

    // FIPS 81, table C1: "Now is the time for all " in CBC mode, to which RFC 5652 §6.3 adds a block of padding.
    [Fact]
    public void FIPS_81_agrees_about_DES_CBC()
    {
        var (key, iv) = (Convert.FromHexString("0123456789ABCDEF"), Convert.FromHexString("1234567890ABCDEF"));
        var message = "Now is the time for all "u8.ToArray();
        var encrypted = new byte[ContentCipher.Des.EncryptedLength(message.Length)];
        ContentCipher.Des.Encrypt(key, iv, message, encrypted);
        Assert.Equal("E5C7CDDE872BF27C43E934008C389C0F683788499A7C05F6", Convert.ToHexString(encrypted.AsSpan(0, 24)));

        var plaintext = new byte[encrypted.Length];
        Assert.Equal(message, plaintext[..ContentCipher.Des.Decrypt(key, iv, encrypted, plaintext, out var genuine)]);
        Assert.True(genuine);
        encrypted[^1] ^= 1;
        Assert.Equal(plaintext.Length, ContentCipher.Des.Decrypt(key, iv, encrypted, plaintext, out genuine));
        Assert.False(genuine);
    }

    private static byte[] Hex(JsonElement test, string name) => Convert.FromHexString(test.GetProperty(name).GetString()!);
}
