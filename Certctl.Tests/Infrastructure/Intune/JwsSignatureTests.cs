using System.Buffers.Text;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Intune;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Intune;

/// <summary>Two algorithms, each with keys of its kind, and no exception for whatever is no signature.</summary>
public sealed class JwsSignatureTests
{
    private static readonly byte[] Input = Encoding.ASCII.GetBytes("header.payload");
    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly ECDsa P256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    [Trait("Conformance", "J-2")]
    [Trait("Conformance", "J-4")]
    public void RS256_and_ES256_verify_in_each_form_of_the_signature()
    {
        Assert.True(Verify(JwsAlgorithm.Rs256, Rsa, Rsa.SignData(Input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.True(Verify(JwsAlgorithm.Es256, P256, P256.SignData(Input, HashAlgorithmName.SHA256)));
        Assert.True(
            Verify(JwsAlgorithm.Es256, P256, P256.SignData(Input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
    }

    [Fact]
    public void R_and_S_with_zeros_in_front_verify_too()
    {
        // One signature in 128 has such a number.
        for (var i = 0; i < 600; i++)
            Assert.True(Verify(JwsAlgorithm.Es256, P256, P256.SignData(Input, HashAlgorithmName.SHA256)));
    }

    [Fact]
    [Trait("Conformance", "J-2")]
    public void An_algorithm_that_is_not_the_keys_own_never_verifies()
    {
        Assert.False(Verify(JwsAlgorithm.Es256, Rsa, Rsa.SignData(Input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.False(Verify(JwsAlgorithm.Rs256, P256, P256.SignData(Input, HashAlgorithmName.SHA256)));
        Assert.False(Verify(JwsAlgorithm.Rs256, Rsa, Rsa.SignData(Input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
        Assert.False(Verify(JwsAlgorithm.Rs256, Rsa, Rsa.SignData(Input, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)));
        Assert.False(Verify(JwsAlgorithm.Rs256, Rsa, HMACSHA256.HashData(Rsa.ExportSubjectPublicKeyInfo(), Input)));
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.False(Verify(JwsAlgorithm.Es256, p384, p384.SignData(Input, HashAlgorithmName.SHA256)));
        using var small = RSA.Create(1024);
        Assert.False(Verify(JwsAlgorithm.Rs256, small, small.SignData(Input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
    }

    [Fact]
    [Trait("Conformance", "J-4")]
    public void What_is_no_signature_is_a_wrong_one()
    {
        var der = P256.SignData(Input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        byte[][] wrong =
        [
            [], [0], new byte[64], new byte[63], new byte[65], new byte[256], [.. der, 0], der[..^1], [0x30, 0x80, .. der[2..], 0, 0],
            [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01], Negative(),
        ];
        Assert.All(wrong, signature => Assert.False(Verify(JwsAlgorithm.Es256, P256, signature)));
        Assert.All(wrong, signature => Assert.False(Verify(JwsAlgorithm.Rs256, Rsa, signature)));
        var flipped = P256.SignData(Input, HashAlgorithmName.SHA256);
        flipped[40] ^= 1;
        Assert.False(Verify(JwsAlgorithm.Es256, P256, flipped));
    }

    [Fact]
    public void What_openssl_signs_verifies()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["input"], Input);
        File.WriteAllText(folder["rsa.key"], Rsa.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(folder["ec.key"], P256.ExportPkcs8PrivateKeyPem());
        Assert.True(Verify(JwsAlgorithm.Rs256, Rsa, Signed(folder, "rsa.key")));
        Assert.True(Verify(JwsAlgorithm.Es256, P256, Signed(folder, "ec.key")));
    }

    /// <summary>The example of RFC 7515 appendix A.3: facts, not words.</summary>
    [Fact]
    [Trait("Conformance", "J-4")]
    public void The_example_of_the_RFC_verifies()
    {
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Base64Url.DecodeFromChars("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                Y = Base64Url.DecodeFromChars("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
            },
        });
        var input = Encoding.ASCII.GetBytes(
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ");
        var signature = Base64Url.DecodeFromChars("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
        Assert.True(JwsSignature.Verify(JwsAlgorithm.Es256, Info(key), input, signature));
        input[^1] ^= 1;
        Assert.False(JwsSignature.Verify(JwsAlgorithm.Es256, Info(key), input, signature));
    }

    private static byte[] Signed(TemporaryFolder folder, string key)
    {
        var run = ExternalTool.RunIn(folder.Path, "openssl", "dgst", "-sha256", "-sign", key, "-out", "signature", "input");
        Assert.True(run.ExitCode == 0, run.All);
        return File.ReadAllBytes(folder["signature"]);
    }

    private static byte[] Negative()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(-5);
            writer.WriteInteger(7);
        }

        return writer.Encode();
    }

    private static bool Verify(JwsAlgorithm algorithm, AsymmetricAlgorithm key, byte[] signature) =>
        JwsSignature.Verify(algorithm, Info(key), Input, signature);

    private static PublicKeyInfo Info(AsymmetricAlgorithm key)
    {
        Assert.True(PublicKeyReader.TryRead(key.ExportSubjectPublicKeyInfo(), out var info, out var defect), defect);
        return info!;
    }
}
