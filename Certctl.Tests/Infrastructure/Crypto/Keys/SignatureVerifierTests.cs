using System.Security.Cryptography;
using System.Text.Json;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Keys;

public sealed class SignatureVerifierTests(ITestOutputHelper output)
{
    [Theory]
    [Trait("Conformance", "R-13")]
    [InlineData("rsa_signature_2048_sha256_test.json")]
    [InlineData("ecdsa_secp256r1_sha256_test.json")]
    public void Wycheproof_and_we_agree(string file)
    {
        if (TestVectors.Find($"wycheproof/{file}", output) is not { } path)
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var wrong = new List<string>();
        var judged = 0;
        foreach (var group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            var spki = (group.TryGetProperty("publicKeyDer", out var der) ? der : group.GetProperty("keyDer")).GetString()!;
            Assert.True(PublicKeyReader.TryRead(Convert.FromHexString(spki), out var key, out var defect), defect);
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var result = test.GetProperty("result").GetString();
                var hash = SHA256.HashData(Convert.FromHexString(test.GetProperty("msg").GetString()!));
                var verified = SignatureVerifier.VerifyHash(
                    key!, HashAlgorithmName.SHA256, hash, Convert.FromHexString(test.GetProperty("sig").GetString()!));
                // "acceptable" leaves the answer to policy.
                if (result != "acceptable" && verified != (result == "valid"))
                    wrong.Add($"{test.GetProperty("tcId")} {test.GetProperty("comment")}: {result}, but we say {verified}");
                judged++;
            }
        }

        Assert.Empty(wrong);
        Assert.True(judged > 200, $"only {judged} cases");
    }

    public static TheoryData<string> Curves() => ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    [Theory]
    [MemberData(nameof(Curves))]
    public void Ecdsa_on_the_three_curves_verifies_and_a_changed_hash_does_not(string curve)
    {
        using var ecdsa = ECDsa.Create(ECCurve.CreateFromValue(curve));
        var key = Info(ecdsa.ExportSubjectPublicKeyInfo());
        var hash = SHA384.HashData("message"u8);
        var signature = ecdsa.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);

        Assert.Equal(curve, key.CurveOid);
        Assert.Equal(ecdsa.KeySize, key.Bits);
        Assert.True(SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA384, hash, signature));
        hash[0] ^= 1;
        Assert.False(SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA384, hash, signature));
    }

    [Fact]
    public void A_point_that_is_not_on_its_curve_verifies_nothing()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var hash = SHA256.HashData("message"u8);
        var signature = ecdsa.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
        var spki = ecdsa.ExportSubjectPublicKeyInfo();
        spki[^1] ^= 1;

        Assert.False(SignatureVerifier.VerifyHash(Info(spki), HashAlgorithmName.SHA256, hash, signature));
    }

    [Fact]
    public void A_curve_that_we_do_not_know_verifies_nothing()
    {
        using var ecdsa = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        var hash = SHA256.HashData("message"u8);

        var key = Info(ecdsa.ExportSubjectPublicKeyInfo());

        Assert.Equal(256, key.Bits);
        Assert.False(SignatureVerifier.VerifyHash(
            key, HashAlgorithmName.SHA256, hash, ecdsa.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence)));
    }

    [Fact]
    public void A_hash_of_another_length_than_its_name_says_verifies_nothing()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var hash = SHA256.HashData("message"u8);
        var signature = ecdsa.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);

        Assert.False(SignatureVerifier.VerifyHash(Info(ecdsa.ExportSubjectPublicKeyInfo()), HashAlgorithmName.SHA512, hash, signature));
    }

    [Fact]
    public void An_Ed25519_key_is_recognised_and_verifies_nothing()
    {
        var key = Info([0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00, .. new byte[32]]);

        Assert.Equal(KeyAlgorithm.Ed25519, key.Algorithm);
        Assert.False(SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA256, new byte[32], new byte[64]));
    }

    private static PublicKeyInfo Info(byte[] spki)
    {
        Assert.True(PublicKeyReader.TryRead(spki, out var key, out var defect), defect);
        return key!;
    }
}
