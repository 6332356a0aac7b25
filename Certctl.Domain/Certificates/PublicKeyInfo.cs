namespace Certctl.Domain.Certificates;

public enum KeyAlgorithm
{
    Rsa,
    Ecdsa,
    Ed25519,

    /// <summary>Recognisable as a public key, but of no kind that a profile can allow.</summary>
    Other,
}

/// <summary>A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) with the facts that policy judges.</summary>
public sealed class PublicKeyInfo
{
    /// <summary>The SubjectPublicKeyInfo as DER.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    public required KeyAlgorithm Algorithm { get; init; }

    /// <summary>RSA: bits of the modulus. ECDSA: bits of the field. Else 0.</summary>
    public required int Bits { get; init; }

    /// <summary>RSA: the public exponent, big-endian; else empty.</summary>
    public ReadOnlyMemory<byte> Exponent { get; init; }

    /// <summary>RSA: the modulus, big-endian without leading zeros; else empty.</summary>
    public ReadOnlyMemory<byte> Modulus { get; init; }

    /// <summary>ECDSA: OID of the named curve, or null for explicit parameters (RFC 5480 §2.1.1 forbids them).</summary>
    public string? CurveOid { get; init; }

    /// <summary>
    /// A CMS envelope can be addressed to this key: by RSA key transport (RFC 5652 §6.2.1), or by ECDH on a named curve (RFC 5753). The
    /// reply to a SCEP message is encrypted to the key that signed it, so a certificate for any other key could never be renewed.
    /// </summary>
    public bool CanReceiveEnvelopes =>
        Algorithm == KeyAlgorithm.Rsa
        || (Algorithm == KeyAlgorithm.Ecdsa && CurveOid is "1.2.840.10045.3.1.7" or "1.3.132.0.34" or "1.3.132.0.35");

    /// <summary>SHA-256 of <see cref="Der"/>.</summary>
    public required ReadOnlyMemory<byte> Sha256 { get; init; }

    /// <summary>"RSA-2048", "ECDSA-P256", "Ed25519": as operators know it.</summary>
    public string Describe() => Algorithm switch
    {
        KeyAlgorithm.Rsa => $"RSA-{Bits}",
        KeyAlgorithm.Ecdsa => CurveOid switch
        {
            "1.2.840.10045.3.1.7" => "ECDSA-P256",
            "1.3.132.0.34" => "ECDSA-P384",
            "1.3.132.0.35" => "ECDSA-P521",
            null => "ECDSA with explicit parameters",
            _ => $"ECDSA on curve {CurveOid}",
        },
        KeyAlgorithm.Ed25519 => "Ed25519",
        KeyAlgorithm.Other => "unknown key algorithm",
    };
}
