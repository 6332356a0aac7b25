using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>The signature algorithm of a PKCS#10: which hash, which key, which padding.</summary>
internal readonly record struct CsrSignatureAlgorithm(HashAlgorithmName Hash, KeyAlgorithm Key, bool IsPss)
{
    private const string Pss = "1.2.840.113549.1.1.10";
    private const string Mgf1 = "1.2.840.113549.1.1.8";

    /// <summary>Reads the content of an AlgorithmIdentifier; false, with the reason, for what policy refuses: MD5 and older, Ed25519, unknown ones.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out CsrSignatureAlgorithm algorithm, out string? defect)
    {
        algorithm = default;
        var reader = new DerReader(content);
        if (!reader.TryReadOid(out var oid))
        {
            defect = "the request's signature algorithm is no OID";
            return false;
        }

        CsrSignatureAlgorithm? known = oid switch
        {
            // Compat: SHA-1 proves possession of a key and nothing else here; phones and printers still sign their requests with it.
            "1.2.840.113549.1.1.5" => Rsa(HashAlgorithmName.SHA1),
            "1.2.840.113549.1.1.11" => Rsa(HashAlgorithmName.SHA256),
            "1.2.840.113549.1.1.12" => Rsa(HashAlgorithmName.SHA384),
            "1.2.840.113549.1.1.13" => Rsa(HashAlgorithmName.SHA512),
            "1.2.840.10045.4.1" => Ecdsa(HashAlgorithmName.SHA1),
            "1.2.840.10045.4.3.2" => Ecdsa(HashAlgorithmName.SHA256),
            "1.2.840.10045.4.3.3" => Ecdsa(HashAlgorithmName.SHA384),
            "1.2.840.10045.4.3.4" => Ecdsa(HashAlgorithmName.SHA512),
            Pss => ReadPss(reader),
            _ => null,
        };
        defect = known is null ? $"the request is signed with {oid}, which is not accepted" : null;
        algorithm = known ?? default;
        return known is not null;
    }

    public bool Verify(PublicKeyInfo key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (key.Algorithm != Key)
            return false;
        var hash = CryptographicOperations.HashData(Hash, data);
        return IsPss ? SignatureVerifier.VerifyPss(key, Hash, hash, signature) : SignatureVerifier.VerifyHash(key, Hash, hash, signature);
    }

    private static CsrSignatureAlgorithm Rsa(HashAlgorithmName hash) => new(hash, KeyAlgorithm.Rsa, IsPss: false);

    private static CsrSignatureAlgorithm Ecdsa(HashAlgorithmName hash) => new(hash, KeyAlgorithm.Ecdsa, IsPss: false);

    // RFC 4055 §3.1: hash [0], MGF1 over the same hash [1], a salt as long as the hash [2]; whatever is left out means SHA-1 and 20 octets.
    private static CsrSignatureAlgorithm? ReadPss(DerReader reader)
    {
        if (!reader.TryEnter(DerTag.Sequence, out var parameters) || !reader.AtEnd)
            return null;
        string? hashOid = null, maskOid = null, maskHashOid = null;
        var saltLength = 20;
        if (parameters.TryEnter(DerTag.ContextConstructed(0), out var hash) && !(hash.TryEnter(DerTag.Sequence, out var hashId) && hashId.TryReadOid(out hashOid)))
            return null;
        if (parameters.TryEnter(DerTag.ContextConstructed(1), out var mask)
            && !(mask.TryEnter(DerTag.Sequence, out var maskId) && maskId.TryReadOid(out maskOid) && maskId.TryEnter(DerTag.Sequence, out var inner) && inner.TryReadOid(out maskHashOid)))
            return null;
        if (parameters.TryEnter(DerTag.ContextConstructed(2), out var salt) && !salt.TryReadInt32(out saltLength))
            return null;

        (HashAlgorithmName Name, int Octets)? known = hashOid switch
        {
            "2.16.840.1.101.3.4.2.1" => (HashAlgorithmName.SHA256, 32),
            "2.16.840.1.101.3.4.2.2" => (HashAlgorithmName.SHA384, 48),
            "2.16.840.1.101.3.4.2.3" => (HashAlgorithmName.SHA512, 64),
            _ => null,
        };
        return known is { } sha && maskOid == Mgf1 && maskHashOid == hashOid && saltLength == sha.Octets
            ? new CsrSignatureAlgorithm(sha.Name, KeyAlgorithm.Rsa, IsPss: true)
            : null;
    }
}
