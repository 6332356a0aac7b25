using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>
/// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) without judging the key: caps and curves are for policy and for who uses it.
/// </summary>
internal static class PublicKeyReader
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string Ed25519 = "1.3.101.112";

    /// <summary>
    /// False, with the defect in words, when the bytes are no SubjectPublicKeyInfo. The key keeps slices of <paramref name="spkiDer"/>.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> spkiDer, out PublicKeyInfo? key, out string? defect)
    {
        key = null;
        var reader = new DerReader(spkiDer);
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !reader.AtEnd
            || !fields.TryEnter(DerTag.Sequence, out var algorithm)
            || !algorithm.TryReadOid(out var oid)
            || !fields.TryReadOctetsInBitString(out var octets)
            || !fields.AtEnd)
        {
            defect = "a public key is no SubjectPublicKeyInfo";
            return false;
        }

        return oid switch
        {
            RsaEncryption => TryReadRsa(spkiDer, algorithm, octets, out key, out defect),
            EcPublicKey => TryReadEc(spkiDer, algorithm, octets, out key, out defect),
            _ => Accept(spkiDer, oid == Ed25519 ? KeyAlgorithm.Ed25519 : KeyAlgorithm.Other, out key, out defect),
        };
    }

    private static bool Accept(ReadOnlyMemory<byte> der, KeyAlgorithm algorithm, out PublicKeyInfo? key, out string? defect)
    {
        key = new PublicKeyInfo { Der = der, Algorithm = algorithm, Bits = 0, Sha256 = SHA256.HashData(der.Span) };
        defect = null;
        return true;
    }

    private static bool TryReadRsa(
        ReadOnlyMemory<byte> der, DerReader algorithm, ReadOnlyMemory<byte> octets, out PublicKeyInfo? key, out string? defect)
    {
        key = null;
        // RFC 3279 §2.3.1: parameters are NULL. Compat: some encoders leave them out.
        if (!algorithm.AtEnd && !(algorithm.TryRead(DerTag.Null, out var parameters) && parameters.IsEmpty && algorithm.AtEnd))
        {
            defect = "an RSA key has parameters other than NULL";
            return false;
        }

        var reader = new DerReader(octets);
        if (!reader.TryEnter(DerTag.Sequence, out var numbers)
            || !reader.AtEnd
            || !numbers.TryReadUnsigned(out var modulus)
            || !numbers.TryReadUnsigned(out var exponent)
            || !numbers.AtEnd
            || modulus.IsEmpty
            || exponent.IsEmpty)
        {
            defect = "an RSA key is no pair of positive integers in DER";
            return false;
        }

        key = new PublicKeyInfo
        {
            Der = der,
            Algorithm = KeyAlgorithm.Rsa,
            Bits = (modulus.Length * 8) - (byte.LeadingZeroCount(modulus.Span[0])),
            Modulus = modulus,
            Exponent = exponent,
            Sha256 = SHA256.HashData(der.Span),
        };
        defect = null;
        return true;
    }

    private static bool TryReadEc(
        ReadOnlyMemory<byte> der, DerReader algorithm, ReadOnlyMemory<byte> point, out PublicKeyInfo? key, out string? defect)
    {
        key = null;
        string? curve = null;
        // RFC 5480 §2.1.1: namedCurve. Explicit parameters (SEQUENCE) and implicit ones (NULL) leave the curve null: policy refuses them.
        var named = algorithm.PeekTag == DerTag.Oid;
        if (named && algorithm.TryReadOid(out var oid))
            curve = oid;
        var wellFormed = named ? curve is not null : algorithm.TryReadAny(out _, out _, out _);
        if (!wellFormed || !algorithm.AtEnd || point.IsEmpty)
        {
            defect = "an EC key lacks parameters or point, or has defective ones";
            return false;
        }

        key = new PublicKeyInfo
        {
            Der = der,
            Algorithm = KeyAlgorithm.Ecdsa,
            Bits = FieldBits(curve),
            CurveOid = curve,
            Sha256 = SHA256.HashData(der.Span),
        };
        defect = null;
        return true;
    }

    // RFC 5480 §2.1.1.1, RFC 5639 §4.1 and SEC 2: the curves that devices are known to bring; 0 for others.
    private static int FieldBits(string? curve) => curve switch
    {
        "1.2.840.10045.3.1.1" => 192,
        "1.3.132.0.33" => 224,
        "1.2.840.10045.3.1.7" or "1.3.132.0.10" or "1.3.36.3.3.2.8.1.1.7" => 256,
        "1.3.132.0.34" or "1.3.36.3.3.2.8.1.1.11" => 384,
        "1.3.36.3.3.2.8.1.1.13" => 512,
        "1.3.132.0.35" => 521,
        _ => 0,
    };
}
