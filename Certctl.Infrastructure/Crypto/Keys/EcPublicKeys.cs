using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Public ECDSA keys on the three NIST curves, uncompressed points only.</summary>
internal static class EcPublicKeys
{
    private const byte Uncompressed = 0x04;

    /// <summary>
    /// The key for verifying with; dispose it. Null for another curve, a compressed point, or one that is not on the curve.
    /// </summary>
    public static ECDsa? Import(PublicKeyInfo key) => Import(key, ECDsa.Create);

    /// <summary>The key for agreeing with; otherwise the same.</summary>
    public static ECDiffieHellman? ImportForAgreement(PublicKeyInfo key) => Import(key, ECDiffieHellman.Create);

    private static TKey? Import<TKey>(PublicKeyInfo key, Func<ECParameters, TKey> create)
        where TKey : ECAlgorithm
    {
        if (CurveOf(key.CurveOid) is not { } curve || !TryReadPoint(key.Der, out var point))
            return null;
        var width = (key.Bits + 7) / 8;
        // RFC 5480 §2.2: 04 || x || y.
        if (point.Length != 1 + (2 * width) || point.Span[0] != Uncompressed)
            return null;
        var coordinates = new ECPoint { X = point.Slice(1, width).ToArray(), Y = point.Slice(1 + width, width).ToArray() };
        try
        {
            return create(new ECParameters { Curve = curve, Q = coordinates });
        }
        catch (CryptographicException)
        {
            // The platform's only way to say that the point is not on the curve.
            return null;
        }
    }

    /// <summary>Null for a curve that is not one of the three.</summary>
    public static ECCurve? CurveOf(string? oid) => oid switch
    {
        "1.2.840.10045.3.1.7" => ECCurve.NamedCurves.nistP256,
        "1.3.132.0.34" => ECCurve.NamedCurves.nistP384,
        "1.3.132.0.35" => ECCurve.NamedCurves.nistP521,
        _ => null,
    };

    private static bool TryReadPoint(ReadOnlyMemory<byte> spki, out ReadOnlyMemory<byte> point)
    {
        point = default;
        var reader = new DerReader(spki);
        return reader.TryEnter(DerTag.Sequence, out var fields)
            && fields.TryRead(DerTag.Sequence, out _)
            && fields.TryReadOctetsInBitString(out point);
    }
}
