using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles.Expectations;

/// <summary>A kind of key at the least size that a profile accepts of it.</summary>
/// <param name="Algorithm">RSA, ECDSA or Ed25519.</param>
/// <param name="Bits">Of the modulus or of the field; 0 for Ed25519, which has one size.</param>
public sealed record KeyExpectation(KeyAlgorithm Algorithm, int Bits)
{
    /// <summary>ECDSA: OID of the named curve with so many bits; else null.</summary>
    public string? CurveOid => (Algorithm, Bits) switch
    {
        (KeyAlgorithm.Ecdsa, 256) => "1.2.840.10045.3.1.7",
        (KeyAlgorithm.Ecdsa, 384) => "1.3.132.0.34",
        (KeyAlgorithm.Ecdsa, 521) => "1.3.132.0.35",
        _ => null,
    };

    /// <summary>"RSA-2048", "ECDSA-P256", "Ed25519".</summary>
    public override string ToString() => Algorithm switch
    {
        KeyAlgorithm.Rsa => $"RSA-{Bits}",
        KeyAlgorithm.Ecdsa => $"ECDSA-P{Bits}",
        _ => Algorithm.ToString(),
    };
}
