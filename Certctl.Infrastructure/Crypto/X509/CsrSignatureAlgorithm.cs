using System.Security.Cryptography;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>
/// The signatureAlgorithm of a PKCS#10. Which digests it may use is the policy's to say: the signature proves possession of a key at this
/// moment and carries no trust. Older ones than MD5 are never accepted, nor SHA-224, which the platform does not verify.
/// </summary>
internal sealed record CsrSignatureAlgorithm(HashAlgorithmName Hash, KeyAlgorithm Signer, bool IsPss)
{
    private const string RsassaPss = "1.2.840.113549.1.1.10";
    private const string Ed25519 = "1.3.101.112";
    private const string Mgf1 = "1.2.840.113549.1.1.8";

    /// <summary>False, with words, for an algorithm that is not accepted, or for parameters of it that are not.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, CryptoPolicy policy, out CsrSignatureAlgorithm? algorithm, out string? defect)
    {
        algorithm = null;
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var fields) || !fields.TryReadOid(out var oid))
        {
            defect = "the request's signature algorithm cannot be read";
            return false;
        }

        algorithm = oid switch
        {
            RsassaPss => ReadPss(fields),
            // RFC 8410 §3: the parameters are absent. The signature hashes with SHA-512 by itself (RFC 8032 §5.1).
            Ed25519 => fields.AtEnd ? new(HashAlgorithmName.SHA512, KeyAlgorithm.Ed25519, IsPss: false) : null,
            _ => HasNoParameters(fields) ? Find(oid) : null,
        };
        if (algorithm is not null && !policy.Takes(algorithm.Hash))
            algorithm = null;
        defect = algorithm is null ? $"the request is signed with {Describe(oid)}, or with parameters of it, which is not accepted" : null;
        return algorithm is not null;
    }

    /// <summary>Whether <paramref name="signature"/> over <paramref name="message"/> is that of <paramref name="key"/>.</summary>
    public bool Verifies(PublicKeyInfo key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Algorithm != Signer)
            return false;
        if (key.Algorithm == KeyAlgorithm.Ed25519)
            return Ed25519Keys.Verify(key, message, signature);
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        hash = hash[..CryptographicOperations.HashData(Hash, message, hash)];
        return IsPss
            ? SignatureVerifier.VerifyPss(key, Hash, hash, signature)
            : SignatureVerifier.VerifyHash(key, Hash, hash, signature);
    }

    // RFC 4055 §5 has NULL for RSA, RFC 5758 §3.2 nothing for ECDSA. Compat: both are met with both.
    private static bool HasNoParameters(DerReader fields) =>
        fields.AtEnd || (fields.TryRead(DerTag.Null, out var content) && content.IsEmpty && fields.AtEnd);

    private static CsrSignatureAlgorithm? Find(string oid) => oid switch
    {
        "1.2.840.113549.1.1.4" => new(HashAlgorithmName.MD5, KeyAlgorithm.Rsa, IsPss: false),
        "1.2.840.113549.1.1.5" or "1.3.14.3.2.29" => new(HashAlgorithmName.SHA1, KeyAlgorithm.Rsa, IsPss: false),
        "1.2.840.113549.1.1.11" => new(HashAlgorithmName.SHA256, KeyAlgorithm.Rsa, IsPss: false),
        "1.2.840.113549.1.1.12" => new(HashAlgorithmName.SHA384, KeyAlgorithm.Rsa, IsPss: false),
        "1.2.840.113549.1.1.13" => new(HashAlgorithmName.SHA512, KeyAlgorithm.Rsa, IsPss: false),
        "1.2.840.10045.4.1" => new(HashAlgorithmName.SHA1, KeyAlgorithm.Ecdsa, IsPss: false),
        "1.2.840.10045.4.3.2" => new(HashAlgorithmName.SHA256, KeyAlgorithm.Ecdsa, IsPss: false),
        "1.2.840.10045.4.3.3" => new(HashAlgorithmName.SHA384, KeyAlgorithm.Ecdsa, IsPss: false),
        "1.2.840.10045.4.3.4" => new(HashAlgorithmName.SHA512, KeyAlgorithm.Ecdsa, IsPss: false),
        _ => null,
    };

    private static string Describe(string oid) => oid switch
    {
        "1.2.840.113549.1.1.2" => "MD2",
        "1.2.840.113549.1.1.3" => "MD4",
        "1.2.840.113549.1.1.4" => "MD5",
        "1.2.840.113549.1.1.5" or "1.3.14.3.2.29" or "1.2.840.10045.4.1" => "SHA-1",
        "1.2.840.113549.1.1.14" or "1.2.840.10045.4.3.1" => "SHA-224",
        Ed25519 => "Ed25519",
        RsassaPss => "RSASSA-PSS",
        _ => $"algorithm {oid}",
    };

    // RFC 4055 §3.1: hash [0] and mask generation [1] default to SHA-1, salt length [2] to 20, trailer field [3] to 1. Accepted as far as
    // the platform verifies them: one hash for both, and a salt as long as the hash (RFC 4055 §3.1 recommends that).
    private static CsrSignatureAlgorithm? ReadPss(DerReader fields)
    {
        if (!fields.TryEnter(DerTag.Sequence, out var parameters) || !fields.AtEnd)
            return null;
        var (hash, maskHash, saltLength, trailer) =
            ((HashAlgorithmName?)HashAlgorithmName.SHA1, (HashAlgorithmName?)HashAlgorithmName.SHA1, 20, 1);
        if (parameters.TryEnter(DerTag.ContextConstructed(0), out var first))
            hash = ReadHash(ref first);
        if (parameters.TryEnter(DerTag.ContextConstructed(1), out var second))
            maskHash = ReadMaskHash(ref second);
        if (parameters.TryEnter(DerTag.ContextConstructed(2), out var third) && !(third.TryReadInt32(out saltLength) && third.AtEnd))
            return null;
        if (parameters.TryEnter(DerTag.ContextConstructed(3), out var fourth) && !(fourth.TryReadInt32(out trailer) && fourth.AtEnd))
            return null;
        return parameters.AtEnd && hash is { } name && maskHash == hash && saltLength == HashLength(name) && trailer == 1
            ? new(name, KeyAlgorithm.Rsa, IsPss: true)
            : null;
    }

    private static HashAlgorithmName? ReadHash(ref DerReader reader)
    {
        if (!reader.TryEnter(DerTag.Sequence, out var fields) || !reader.AtEnd
            || !fields.TryReadOid(out var oid) || !HasNoParameters(fields))
            return null;
        return oid switch
        {
            "1.3.14.3.2.26" => HashAlgorithmName.SHA1,
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }

    private static HashAlgorithmName? ReadMaskHash(ref DerReader reader) =>
        reader.TryEnter(DerTag.Sequence, out var fields) && reader.AtEnd && fields.TryReadOid(out var oid) && oid == Mgf1
            ? ReadHash(ref fields)
            : null;

    private static int HashLength(HashAlgorithmName name) => name.Name switch
    {
        "SHA1" => SHA1.HashSizeInBytes,
        "SHA256" => SHA256.HashSizeInBytes,
        "SHA384" => SHA384.HashSizeInBytes,
        _ => SHA512.HashSizeInBytes,
    };
}
