using System.Security.Cryptography;
using System.Text.Json;
using Certctl.Application.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Cms;

public sealed class KeyTransportKeyTests(ITestOutputHelper output)
{
    private static readonly Lazy<KeyTransportKey> Raw = new(() => new KeyTransportKey(ScepTestKeys.RaPrivateKey));
    private static readonly Lazy<KeyTransportKey> Platform = new(() => new KeyTransportKey(ScepTestKeys.RaPrivateKey, allowRaw: false));

    [Fact]
    public void Paddings_are_judged_by_us_where_OpenSSL_3_is_there()
    {
        if (!OperatingSystem.IsLinux())
            return;

        // RSA.Create hides the handle in a wrapper, RSAOpenSsl shows it: both ways must work on the platform that we ship for.
        using var shown = new RSAOpenSsl(ScepTestKeys.RaPrivateKey.ExportParameters(includePrivateParameters: true));

        Assert.True(Raw.Value.IsConstantTime);
        Assert.True(new KeyTransportKey(shown).IsConstantTime);
        Assert.False(Platform.Value.IsConstantTime);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void A_key_comes_out_as_it_went_in_by_every_transport(int length)
    {
        var key = RandomNumberGenerator.GetBytes(length);
        foreach (var (padding, transport) in Transports())
        {
            var encrypted = ScepTestKeys.RaPrivateKey.Encrypt(key, padding);
            Assert.Equal(key, Open(Raw.Value, transport, encrypted, length));
            Assert.Equal(key, Open(Platform.Value, transport, encrypted, length));
        }
    }

    [Fact]
    public void A_failure_gives_a_substitute_that_depends_on_the_ciphertext_alone()
    {
        var other = RandomNumberGenerator.GetBytes(256);
        other[0] = 0;
        foreach (var key in new[] { Raw.Value, Platform.Value })
        {
            foreach (var (_, transport) in Transports())
            {
                // Right padding, wrong length; never right; too large a number; too short a string.
                byte[][] wrong =
                [
                    ScepTestKeys.RaPrivateKey.Encrypt(new byte[8], RSAEncryptionPadding.Pkcs1),
                    other, [.. Enumerable.Repeat((byte)0xFF, 256)], new byte[255],
                ];
                var substitutes = wrong.Select(w => Open(key, transport, w, 16)).ToList();
                Assert.Equal(substitutes, wrong.Select(w => Open(key, transport, w, 16)));
                Assert.Equal(4, substitutes.Select(Convert.ToHexString).Distinct().Count());
                Assert.All(substitutes, s => Assert.NotEqual(new byte[16], s));
            }
        }

        // It cannot be predicted without the key's own secret.
        Assert.NotEqual(Open(Raw.Value, KeyTransport.Pkcs1, other, 16), Open(Platform.Value, KeyTransport.Pkcs1, other, 16));
    }

    [Fact]
    public void Each_defect_of_an_OAEP_block_is_seen()
    {
        var message = RandomNumberGenerator.GetBytes(16);
        var hash = SHA1.HashData([]);
        byte[] good = [.. hash, .. new byte[256 - 21 - 20 - 17], 1, .. message];
        Assert.Equal(message, Unpad(0, good));
        Assert.NotEqual(message, Unpad(1, good));
        for (var i = 0; i < good.Length - 16; i++)
        {
            var bad = good.ToArray();
            bad[i] ^= 0x40;
            Assert.NotEqual(message, Unpad(0, bad));
        }

        byte[] Unpad(byte y, byte[] block)
        {
            var result = new byte[16];
            ConstantTime.UnpadOaep(y, block, hash, new byte[16], result);
            return result;
        }
    }

    [Fact]
    public void Each_defect_of_a_PKCS1_block_is_seen()
    {
        var message = RandomNumberGenerator.GetBytes(16);
        byte[] good = [0, 2, .. Enumerable.Repeat((byte)0x40, 256 - 3 - 16), 0, .. message];
        Assert.Equal(message, Unpad(good));
        for (var i = 0; i < good.Length - 16; i++)
        {
            var bad = good.ToArray();
            bad[i] ^= 0x40;
            Assert.NotEqual(message, Unpad(bad));
        }

        static byte[] Unpad(byte[] block)
        {
            var result = new byte[16];
            ConstantTime.UnpadPkcs1(block, new byte[16], result);
            return result;
        }
    }

    [Fact]
    [Trait("Conformance", "S-M18")]
    public void OAEP_parameters_are_read_with_their_defaults()
    {
        var sha1 = MessageDigest.Sha1;
        Assert.Equal(new KeyTransport(sha1, sha1), Find("300B06092A864886F70D010107"));
        Assert.Equal(new KeyTransport(sha1, sha1), Find("300D06092A864886F70D0101070500"));
        Assert.Equal(new KeyTransport(sha1, sha1), Find("300D06092A864886F70D0101073000"));
        Assert.Equal(new KeyTransport(MessageDigest.Sha256, sha1), Find("301C06092A864886F70D010107300FA00D300B0609608648016503040201"));
        Assert.Equal(KeyTransport.Pkcs1, Find("300D06092A864886F70D0101010500"));
    }

    [Theory]
    [InlineData("A0093007060360864805 00")]
    [InlineData("A2143012 06092A864886F70D010109 0405 68656C6C6F")]
    [InlineData("A3020500")]
    [InlineData("A109 3007 0605 2B0E03021A")]
    public void OAEP_with_a_label_or_digests_that_are_not_ours_is_refused(string fields)
    {
        var content = Convert.FromHexString(fields.Replace(" ", string.Empty, StringComparison.Ordinal));
        byte[] parameters = [0x30, (byte)content.Length, .. content];
        byte[] oid = [.. CmsOid.RsaesOaep];

        Assert.Null(Find(Convert.ToHexString([0x30, (byte)(oid.Length + parameters.Length), .. oid, .. parameters])));
    }

    [Fact]
    public void OAEP_with_SHA256_and_MGF1_of_SHA1_opens()
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var key = RandomNumberGenerator.GetBytes(16);
        var encrypted = OpenSsl.Run(
            key,
            "pkeyutl", "-encrypt", "-certin", "-inkey", OpenSsl.Pem(ScepTestKeys.Ra),
            "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha1");

        Assert.Equal(key, Open(Raw.Value, new KeyTransport(MessageDigest.Sha256, MessageDigest.Sha1), encrypted, 16));
    }

    [Fact]
    [Trait("Conformance", "Z-13")]
    public void Wycheproof_agrees_about_PKCS1()
    {
        if (TestVectors.Find("wycheproof/rsa_pkcs1_2048_test.json", output) is not { } path)
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var group = document.RootElement.GetProperty("testGroups")[0];
        using var rsa = RSA.Create();
        rsa.ImportFromPem(group.GetProperty("privateKeyPem").GetString());
        foreach (var key in new[] { new KeyTransportKey(rsa), new KeyTransportKey(rsa, allowRaw: false) })
        {
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var message = Convert.FromHexString(test.GetProperty("msg").GetString()!);
                var encrypted = Convert.FromHexString(test.GetProperty("ct").GetString()!);
                var isValid = test.GetProperty("result").GetString() == "valid";
                if (message.Length is > 0 and <= 32)
                    Assert.True(
                        isValid == Open(key, KeyTransport.Pkcs1, encrypted, message.Length).AsSpan().SequenceEqual(message),
                        test.ToString());

                // As a key of a length that is not the message's, it never opens: the same substitute each time.
                Assert.Equal(Open(key, KeyTransport.Pkcs1, encrypted, 24), Open(key, KeyTransport.Pkcs1, encrypted, 24));
            }
        }
    }

    private static IEnumerable<(RSAEncryptionPadding Padding, KeyTransport Transport)> Transports() =>
    [
        (RSAEncryptionPadding.Pkcs1, KeyTransport.Pkcs1),
        (RSAEncryptionPadding.OaepSHA1, new KeyTransport(MessageDigest.Sha1, MessageDigest.Sha1)),
        (RSAEncryptionPadding.OaepSHA256, new KeyTransport(MessageDigest.Sha256, MessageDigest.Sha256)),
        (RSAEncryptionPadding.OaepSHA384, new KeyTransport(MessageDigest.Sha384, MessageDigest.Sha384)),
        (RSAEncryptionPadding.OaepSHA512, new KeyTransport(MessageDigest.Sha512, MessageDigest.Sha512)),
    ];

    private static byte[] Open(KeyTransportKey key, KeyTransport transport, byte[] encrypted, int length)
    {
        var contentKey = new byte[length];
        key.Open(transport, encrypted, contentKey);
        return contentKey;
    }

    private static KeyTransport? Find(string hex)
    {
        var reader = new DerReader(Convert.FromHexString(hex));
        Assert.True(AlgorithmId.TryRead(ref reader, out var algorithm));
        return KeyTransport.Find(algorithm, CryptoPolicy.Compatible, out _);
    }
}
