using System.Diagnostics;
using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

public sealed class RsaPublicKeysTests
{
    private static readonly Lazy<RSA> Key = new(() => RSA.Create(2048));

    [Fact]
    public void The_fast_path_passes_its_self_test_where_OpenSSL_3_is()
    {
        if (OperatingSystem.IsLinux() && SafeEvpPKeyHandle.OpenSslVersion >> 28 == 3)
            Assert.True(RsaPublicKeys.IsFast);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_imported_key_encrypts_and_verifies(bool byPlatform)
    {
        var info = Info(Key.Value);
        using var rsa = byPlatform ? RsaPublicKeys.ImportByPlatform(info) : RsaPublicKeys.Import(info);
        Assert.NotNull(rsa);
        var secret = RandomNumberGenerator.GetBytes(32);
        var hash = SHA256.HashData(secret);
        var signature = Key.Value.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        Assert.Equal(secret, Key.Value.Decrypt(rsa.Encrypt(secret, RSAEncryptionPadding.Pkcs1), RSAEncryptionPadding.Pkcs1));
        Assert.True(rsa.VerifyHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Equal(2048, rsa.KeySize);
    }

    [Theory]
    [InlineData("1023 bits", 1023, "010001", false)]
    [InlineData("1024 bits", 1024, "010001", true)]
    [InlineData("8192 bits", 8192, "010001", true)]
    [InlineData("8193 bits", 8193, "010001", false)]
    [InlineData("an exponent of 1", 2048, "01", false)]
    [InlineData("an exponent of 3", 2048, "03", true)]
    [InlineData("an even exponent", 2048, "010000", false)]
    [InlineData("an exponent of 33 bits", 2048, "0100000001", true)]
    [InlineData("an exponent of 34 bits", 2048, "0200000001", false)]
    [InlineData("an exponent as long as the modulus", 2048, null, false)]
    public void The_caps_hold(string what, int bits, string? exponentHex, bool isImported)
    {
        var modulus = new byte[(bits + 7) / 8];
        RandomNumberGenerator.Fill(modulus);
        modulus[0] = (byte)(1 << ((bits - 1) % 8));
        modulus[^1] |= 1;
        var exponent = exponentHex is null ? modulus : Convert.FromHexString(exponentHex);

        using var rsa = RsaPublicKeys.Import(Info(modulus, exponent, bits));

        Assert.True(isImported == rsa is not null, what);
    }

    [Fact]
    public void An_even_modulus_is_refused()
    {
        var modulus = Key.Value.ExportParameters(false).Modulus!;
        modulus[^1] &= 0xFE;
        Assert.Null(RsaPublicKeys.Import(Info(modulus, [1, 0, 1], 2048)));
    }

    [Fact]
    public void An_EC_key_is_no_RSA_key()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.True(PublicKeyReader.TryRead(ecdsa.ExportSubjectPublicKeyInfo(), out var info, out _));
        Assert.Null(RsaPublicKeys.Import(info!));
    }

    [Fact]
    public void Twenty_thousand_imports_leak_nothing_and_take_no_time()
    {
        var info = Info(Key.Value);
        var hash = new byte[32];
        var signature = Key.Value.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        ImportAndVerify(info, hash, signature, 2_000);
        var before = ResidentKilobytes();
        var watch = Stopwatch.StartNew();

        ImportAndVerify(info, hash, signature, 20_000);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}");
        // 20,000 keys that are never freed are some 40 MB (1.9 kB each at the very least).
        Assert.InRange(ResidentKilobytes() - before, long.MinValue, 24 * 1024);
    }

    private static void ImportAndVerify(PublicKeyInfo info, byte[] hash, byte[] signature, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var rsa = RsaPublicKeys.Import(info);
            if (i % 10 == 0)
                Assert.True(rsa!.VerifyHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }
    }

    private static long ResidentKilobytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return long.Parse(
            File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            System.Globalization.CultureInfo.InvariantCulture);
    }

    private static PublicKeyInfo Info(RSA key)
    {
        Assert.True(PublicKeyReader.TryRead(key.ExportSubjectPublicKeyInfo(), out var info, out var defect), defect);
        return info!;
    }

    private static PublicKeyInfo Info(byte[] modulus, byte[] exponent, int bits) => new()
    {
        Der = new byte[1],
        Algorithm = KeyAlgorithm.Rsa,
        Bits = bits,
        Modulus = modulus,
        Exponent = exponent,
        Sha256 = new byte[32],
    };
}
