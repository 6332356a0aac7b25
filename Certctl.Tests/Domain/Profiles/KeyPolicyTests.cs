using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Domain.Profiles;

/// <summary>RFC 5280 §4.2.1.3, RFC 5480 §2.1.1 and Certctl's own limits.</summary>
public sealed class KeyPolicyTests
{
    [Theory]
    [InlineData(2048, 3)]
    [InlineData(2048, 65537)]
    [InlineData(3072, 65537)]
    [InlineData(8192, 65537)]
    [Trait("Conformance", "R-11")]
    public void An_RSA_key_that_could_be_one_is_certified(int bits, int exponent) => Profile().Granted(Csr(Rsa(bits, exponent)));

    [Theory]
    [InlineData(1024, 65537, 1, "1024 bits")]
    [InlineData(2047, 65537, 1, "2047 bits")]
    [InlineData(8193, 65537, 1, "8193 bits")]
    [InlineData(1024, 1, 3, "1024 bits")]
    [Trait("Conformance", "R-11")]
    public void An_RSA_key_that_is_too_small_or_too_large_is_refused(int bits, int exponent, int factor, string words) =>
        Assert.Contains(words, Profile().Denied(FailureReason.KeyNotAllowed, Csr(Rsa(bits, exponent, factor))), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 1, "exponent")]
    [InlineData(2, 1, "exponent")]
    [InlineData(65536, 1, "exponent")]
    [InlineData(65537, 2, "tiny factor")]
    [InlineData(65537, 3, "tiny factor")]
    [InlineData(65537, 751, "tiny factor")]
    [Trait("Conformance", "R-11")]
    public void An_RSA_key_that_is_broken_is_refused_as_weak(int exponent, int factor, string words) =>
        Assert.Contains(words, Profile().Denied(FailureReason.WeakKey, Csr(Rsa(2048, exponent, factor))), StringComparison.Ordinal);

    [Fact]
    public void A_public_exponent_of_thirty_four_bits_is_refused()
    {
        var modulus = Rsa().Modulus.ToArray();
        Profile().Granted(Csr(Rsa(modulus, [1, 0, 0, 0, 1], 2048)));
        Profile().Denied(FailureReason.WeakKey, Csr(Rsa(modulus, [2, 0, 0, 0, 1], 2048)));
    }

    [Theory]
    [InlineData("1.2.840.10045.3.1.7", 256, true)]
    [InlineData("1.3.132.0.34", 384, true)]
    [InlineData("1.3.132.0.35", 521, true)]
    [InlineData("1.3.132.0.10", 256, false)]
    [InlineData("1.3.36.3.3.2.8.1.1.7", 256, false)]
    [InlineData("1.2.840.10045.3.1.1", 192, false)]
    [InlineData(null, 256, false)]
    [Trait("Conformance", "R-11")]
    public void Three_named_curves_are_certified_and_explicit_parameters_are_not(string? curve, int bits, bool allowed)
    {
        if (allowed)
            Profile().Granted(Csr(Ec(curve, bits)));
        else
            Profile().Denied(FailureReason.KeyNotAllowed, Csr(Ec(curve, bits)));
    }

    [Theory]
    [InlineData(KeyAlgorithm.Ed25519)]
    [InlineData(KeyAlgorithm.Other)]
    public void Kinds_of_keys_that_the_profile_does_not_name_are_refused(KeyAlgorithm algorithm) =>
        Profile().Denied(FailureReason.KeyNotAllowed, Csr(Other(algorithm)));

    [Theory]
    [InlineData("clientAuth", KeyUsages.DigitalSignature, KeyUsages.DigitalSignature | KeyUsages.KeyEncipherment)]
    [InlineData("serverAuth", KeyUsages.DigitalSignature, KeyUsages.DigitalSignature | KeyUsages.KeyEncipherment)]
    [InlineData(
        "emailProtection",
        KeyUsages.DigitalSignature | KeyUsages.ContentCommitment,
        KeyUsages.DigitalSignature | KeyUsages.ContentCommitment | KeyUsages.KeyEncipherment)]
    [Trait("Conformance", "P-14")]
    public void Keys_are_encrypted_to_RSA_keys_alone(string eku, KeyUsages ec, KeyUsages rsa)
    {
        Assert.Equal(ec, Profile(eku).Granted(Csr(Ec())).KeyUsage);
        Assert.Equal(rsa, Profile(eku).Granted(Csr(Rsa())).KeyUsage);
    }
}
