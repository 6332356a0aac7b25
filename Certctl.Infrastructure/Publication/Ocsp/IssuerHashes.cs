using System.Security.Cryptography;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <summary>
/// Hashes of a CA's name and key (RFC 6960 §4.1.1): of the Name as DER, and of the key's BIT STRING without its tag, length and unused
/// bits.
/// </summary>
internal sealed class IssuerHashes
{
    /// <summary>AlgorithmIdentifier of SHA-1 as DER, with the NULL that most clients write.</summary>
    public static readonly byte[] Sha1Identifier = Convert.FromHexString("300906052B0E03021A0500");

    // The octets of the OBJECT IDENTIFIERs. RFC 9919 §3.1.1: SHA-256 for new clients; SHA-1 is what others still send.
    private static readonly (byte[] Oid, HashAlgorithmName Name)[] Known =
    [
        (Convert.FromHexString("2B0E03021A"), HashAlgorithmName.SHA1),
        (Convert.FromHexString("608648016503040201"), HashAlgorithmName.SHA256),
        (Convert.FromHexString("608648016503040202"), HashAlgorithmName.SHA384),
        (Convert.FromHexString("608648016503040203"), HashAlgorithmName.SHA512),
    ];

    private readonly (byte[] Name, byte[] Key)[] _hashes;

    /// <param name="caCertificate">DER of a certificate that is in use.</param>
    public IssuerHashes(ReadOnlyMemory<byte> caCertificate)
    {
        if (!CertificateReader.TryRead(caCertificate, out var ca, out var defect))
            throw new InvalidOperationException($"The CA's certificate cannot be read: {defect}.");
        var (name, key) = (ca!.Subject.Der, KeyOctets(ca.PublicKey.Der));
        _hashes = Array.ConvertAll(
            Known,
            known => (CryptographicOperations.HashData(known.Name, name.Span), CryptographicOperations.HashData(known.Name, key.Span)));
    }

    public (byte[] Name, byte[] Key) Sha1 => _hashes[0];

    /// <summary>False also for an algorithm that is not known here.</summary>
    public bool Match(ReadOnlySpan<byte> algorithm, ReadOnlySpan<byte> nameHash, ReadOnlySpan<byte> keyHash)
    {
        for (var i = 0; i < Known.Length; i++)
        {
            if (algorithm.SequenceEqual(Known[i].Oid))
                return nameHash.SequenceEqual(_hashes[i].Name) && keyHash.SequenceEqual(_hashes[i].Key);
        }

        return false;
    }

    /// <summary>What the hashes of a key are made over.</summary>
    public static ReadOnlyMemory<byte> KeyOctets(ReadOnlyMemory<byte> subjectPublicKeyInfo)
    {
        var reader = new DerReader(subjectPublicKeyInfo);
        return reader.TryEnter(DerTag.Sequence, out var fields)
            && fields.TryRead(DerTag.Sequence, out _) && fields.TryReadOctetsInBitString(out var key)
            ? key
            : throw new InvalidOperationException("A vetted public key is no SubjectPublicKeyInfo.");
    }
}
