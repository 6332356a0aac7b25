using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

public sealed class PublicKeyReaderTests
{
    private static readonly byte[] RsaAlgorithm = Der.Sequence(Der.Oid("1.2.840.113549.1.1.1"), [0x05, 0x00]);

    [Fact]
    public void An_RSA_key_is_read_as_the_platform_wrote_it()
    {
        using var rsa = RSA.Create(1024);
        var spki = rsa.ExportSubjectPublicKeyInfo();

        Assert.True(PublicKeyReader.TryRead(spki, out var key, out var defect), defect);

        Assert.Equal("RSA-1024", key!.Describe());
        Assert.Equal(rsa.ExportParameters(false).Modulus, key.Modulus.ToArray());
        Assert.Equal(rsa.ExportParameters(false).Exponent, key.Exponent.ToArray());
        Assert.Equal(SHA256.HashData(spki), key.Sha256.ToArray());
        Assert.Equal(spki, key.Der.ToArray());
    }

    [Fact]
    public void The_bits_of_a_modulus_are_counted_from_its_first_one() =>
        Assert.Equal(9, Read(Rsa(RsaAlgorithm, [0x02, 0x02, 0x01, 0x01], [0x02, 0x01, 0x03]))!.Bits);

    [Fact]
    public void RSA_parameters_may_be_missing() =>
        Assert.Equal(
            KeyAlgorithm.Rsa, Read(Rsa(Der.Sequence(Der.Oid("1.2.840.113549.1.1.1")), [0x02, 0x01, 0x7F], [0x02, 0x01, 0x03]))!.Algorithm);

    [Theory]
    [Trait("Conformance", "R-11")]
    [InlineData("explicit parameters", "3003020101", null)]
    [InlineData("implicit parameters", "0500", null)]
    [InlineData("brainpoolP256r1", "06092B2403030208010107", "1.3.36.3.3.2.8.1.1.7")]
    public void An_EC_key_without_a_named_curve_has_none(string what, string parameters, string? curve)
    {
        var key = Read(Ec(Convert.FromHexString(parameters), [0x04, 0x01, 0x02]));
        Assert.True(key!.CurveOid == curve, what);
        Assert.Equal(curve is null ? 0 : 256, key.Bits);
        Assert.Equal(KeyAlgorithm.Ecdsa, key.Algorithm);
    }

    [Fact]
    public void A_key_of_another_kind_is_recognised_as_such() =>
        Assert.Equal(
            KeyAlgorithm.Other, Read(Der.Sequence(Der.Sequence(Der.Oid("1.2.840.10040.4.1")), [0x03, 0x02, 0x00, 0x01]))!.Algorithm);

    public static TheoryData<string, byte[]> Defective() => new()
    {
        { "nothing", [] },
        { "octets behind it", [.. Rsa(RsaAlgorithm, [0x02, 0x01, 0x7F], [0x02, 0x01, 0x03]), 0] },
        { "a negative modulus", Rsa(RsaAlgorithm, [0x02, 0x01, 0x80], [0x02, 0x01, 0x03]) },
        { "a modulus of zero", Rsa(RsaAlgorithm, [0x02, 0x01, 0x00], [0x02, 0x01, 0x03]) },
        { "an exponent of zero", Rsa(RsaAlgorithm, [0x02, 0x01, 0x7F], [0x02, 0x01, 0x00]) },
        { "a negative exponent", Rsa(RsaAlgorithm, [0x02, 0x01, 0x7F], [0x02, 0x01, 0xFD]) },
        { "a third number", Rsa(RsaAlgorithm, [0x02, 0x01, 0x7F], [0x02, 0x01, 0x03, 0x02, 0x01, 0x03]) },
        { "a padded modulus", Rsa(RsaAlgorithm, [0x02, 0x02, 0x00, 0x7F], [0x02, 0x01, 0x03]) },
        {
            "strange RSA parameters",
            Rsa(Der.Sequence(Der.Oid("1.2.840.113549.1.1.1"), [0x02, 0x01, 0x00]), [0x02, 0x01, 0x7F], [0x02, 0x01, 0x03])
        },
        { "a key of half an octet", Der.Sequence(RsaAlgorithm, [0x03, 0x02, 0x04, 0xF0]) },
        { "EC without parameters", Ec([], [0x04, 0x01, 0x02]) },
        { "EC without a point", Ec(Der.Oid("1.2.840.10045.3.1.7"), []) },
        { "EC with a defective curve", Ec([0x06, 0x01, 0x86], [0x04, 0x01, 0x02]) },
    };

    [Theory]
    [MemberData(nameof(Defective))]
    public void A_defective_key_is_refused_in_words(string what, byte[] spki)
    {
        Assert.False(PublicKeyReader.TryRead(spki, out var key, out var defect), what);
        Assert.Null(key);
        Assert.False(string.IsNullOrWhiteSpace(defect));
    }

    private static PublicKeyInfo? Read(byte[] spki)
    {
        Assert.True(PublicKeyReader.TryRead(spki, out var key, out var defect), defect);
        return key;
    }

    private static byte[] Rsa(byte[] algorithm, byte[] modulus, byte[] exponent) =>
        Der.Sequence(algorithm, Der.Tlv(0x03, [0x00], Der.Sequence(modulus, exponent)));

    private static byte[] Ec(byte[] parameters, byte[] point) =>
        Der.Sequence(Der.Sequence(Der.Oid("1.2.840.10045.2.1"), parameters), Der.Tlv(0x03, [0x00], point));
}
