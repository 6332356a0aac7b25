using System.Security.Cryptography;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Intune;

/// <summary>The signature of a JWS by one key. The key says which algorithm it may be used with; the token only names it.</summary>
internal static class JwsSignature
{
    private const int LeastRsaBits = 2048;
    private const string P256 = "1.2.840.10045.3.1.7";
    private const int FieldOctets = 32;

    /// <summary>
    /// The algorithm of this key; null: it can sign no challenge (RFC 7518 §3.3: RSA from 2048 bits; ECDSA on P-256 alone).
    /// </summary>
    public static JwsAlgorithm? AlgorithmOf(PublicKeyInfo key) => key switch
    {
        { Algorithm: KeyAlgorithm.Rsa, Bits: >= LeastRsaBits } => JwsAlgorithm.Rs256,
        { Algorithm: KeyAlgorithm.Ecdsa, CurveOid: P256 } => JwsAlgorithm.Es256,
        _ => null,
    };

    /// <summary>False for a wrong signature, one that is none, and a key of another kind.</summary>
    public static bool Verify(JwsAlgorithm algorithm, PublicKeyInfo key, ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature)
    {
        if (AlgorithmOf(key) != algorithm)
            return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(signingInput, hash);

        // A DER signature of P-256 can be 64 octets long too: what is no signature as R and S may be one as DER.
        return (algorithm == JwsAlgorithm.Es256 && signature.Length == 2 * FieldOctets
            && SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA256, hash, ToDer(signature)))
            || SignatureVerifier.VerifyHash(key, HashAlgorithmName.SHA256, hash, signature);
    }

    // RFC 7518 §3.4: R and S, 32 octets each.
    private static byte[] ToDer(ReadOnlySpan<byte> pair)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Trim(pair[..FieldOctets]));
            writer.WriteIntegerUnsigned(Trim(pair[FieldOctets..]));
        }

        return writer.Encode();
    }

    // The writer wants no zeros in front; a number that is all zeros stays one, and is refused as a signature.
    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> number)
    {
        var digits = number.TrimStart((byte)0);
        return digits.IsEmpty ? number[..1] : digits;
    }
}
