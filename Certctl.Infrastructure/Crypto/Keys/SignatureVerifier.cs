using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>Verifies signatures of keys that strangers brought. Size and exponent are capped before any arithmetic.</summary>
internal static class SignatureVerifier
{
    /// <summary>
    /// Verifies <paramref name="signature"/> over a hash. RSA: PKCS#1 v1.5. ECDSA: DER-encoded signature. False for a wrong signature, for
    /// a key outside the caps (RSA 1024 to 8192 bits, exponent to 33 bits;
    /// named curves P-256, P-384, P-521), and for a key that cannot be imported.
    /// </summary>
    public static bool VerifyHash(PublicKeyInfo key, HashAlgorithmName hashName, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        hash.Length == HashLength(hashName) && key.Algorithm switch
        {
            KeyAlgorithm.Rsa => VerifyRsa(key, hashName, hash, signature, RSASignaturePadding.Pkcs1),
            KeyAlgorithm.Ecdsa => VerifyEcdsa(key, hash, signature),
            KeyAlgorithm.Ed25519 or KeyAlgorithm.Other => false,
        };

    /// <summary>
    /// Verifies an RSASSA-PSS signature (RFC 8017 §8.1.2) whose MGF1 uses the same hash and whose salt is as long as the hash.
    /// </summary>
    public static bool VerifyPss(PublicKeyInfo key, HashAlgorithmName hashName, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        hash.Length == HashLength(hashName)
        && key.Algorithm == KeyAlgorithm.Rsa
        && VerifyRsa(key, hashName, hash, signature, RSASignaturePadding.Pss);

    private static bool VerifyRsa(
        PublicKeyInfo key, HashAlgorithmName hashName, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, RSASignaturePadding padding)
    {
        // RFC 8017 §8.2.2 step 1: a signature is exactly as long as the modulus.
        if (signature.Length != key.Modulus.Length)
            return false;
        using var rsa = RsaPublicKeys.Import(key);
        return rsa is not null && rsa.VerifyHash(hash, signature, hashName, padding);
    }

    private static bool VerifyEcdsa(PublicKeyInfo key, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        if (!IsPairOfPositives(signature, (key.Bits + 7) / 8))
            return false;
        using var ecdsa = EcPublicKeys.Import(key);
        return ecdsa is not null && ecdsa.VerifyHash(hash, signature, DSASignatureFormat.Rfc3279DerSequence);
    }

    // RFC 3279 §2.2.3: SEQUENCE { r INTEGER, s INTEGER }; checked here, so that nothing else reaches the platform.
    private static bool IsPairOfPositives(ReadOnlySpan<byte> signature, int fieldOctets)
    {
        var reader = new DerReader(signature.ToArray());
        return reader.TryEnter(DerTag.Sequence, out var pair)
            && reader.AtEnd
            && pair.TryReadUnsigned(out var r)
            && pair.TryReadUnsigned(out var s)
            && pair.AtEnd
            && r.Length > 0 && r.Length <= fieldOctets
            && s.Length > 0 && s.Length <= fieldOctets;
    }

    private static int HashLength(HashAlgorithmName name) => name.Name switch
    {
        "MD5" => MD5.HashSizeInBytes,
        "SHA1" => SHA1.HashSizeInBytes,
        "SHA256" => SHA256.HashSizeInBytes,
        "SHA384" => SHA384.HashSizeInBytes,
        "SHA512" => SHA512.HashSizeInBytes,
        _ => -1,
    };
}
