using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>
/// A path from a certificate to an anchor that may be an intermediate CA. X509Chain cannot anchor there (it insists on a self-signed root),
/// and a SCEP client is often told the fingerprint of just the issuing CA.
/// </summary>
internal static class CertificatePath
{
    private const int Longest = 8;

    /// <summary>
    /// The path, leaf first and anchor last; null when there is none. Every step's signature, CA bit, key usage,
    /// validity and path length is checked.
    /// </summary>
    public static IReadOnlyList<X509Certificate2>? Find(
        X509Certificate2 leaf,
        IReadOnlyCollection<X509Certificate2> candidates,
        IReadOnlyCollection<X509Certificate2> anchors,
        DateTimeOffset now)
    {
        // Breadth first, every certificate met once: a bag of certificates that all sign one another costs no more than its square.
        var open = new Queue<List<X509Certificate2>>([[leaf]]);
        var unmet = Preferred(
            candidates.Concat(anchors).Where(candidate => !candidate.SameAs(leaf)).DistinctBy(candidate => candidate.Thumbprint)).ToList();
        while (open.TryDequeue(out var path))
        {
            if (anchors.Any(path[^1].SameAs))
                return path;
            if (path.Count == Longest)
                continue;
            foreach (var issuer in unmet.Where(candidate => MayFollow(path, candidate, now)).ToList())
            {
                unmet.Remove(issuer);
                open.Enqueue([.. path, issuer]);
            }
        }

        return null;
    }

    /// <summary>
    /// The path goes on above the anchor as far as the candidates reach: for the chain file, where the root helps later verification.
    /// It adds no trust.
    /// </summary>
    public static IReadOnlyList<X509Certificate2> Prolong(
        IReadOnlyList<X509Certificate2> path, IReadOnlyCollection<X509Certificate2> candidates, DateTimeOffset now)
    {
        var longer = path.ToList();
        while (longer.Count < Longest && !IsRoot(longer[^1])
            && Preferred(candidates)
                .FirstOrDefault(candidate => !longer.Any(candidate.SameAs) && MayFollow(longer, candidate, now)) is { } next)
            longer.Add(next);
        return longer;
    }

    // A root that is cross-signed or was renewed under its key: its own certificate before another's of it,
    // and then the one that lives longest, however the server orders them.
    private static IEnumerable<X509Certificate2> Preferred(IEnumerable<X509Certificate2> candidates) => candidates
        .OrderBy(candidate => !IsRoot(candidate)).ThenByDescending(candidate => candidate.NotAfter)
        .ThenBy(candidate => candidate.Thumbprint, StringComparer.Ordinal);

    // A CA that changes its key certifies the new key by the old one under the same name (RFC 4210 §4.4): self-issued, and no root.
    private static bool IsRoot(X509Certificate2 certificate) => certificate.IsSelfIssued() && IsSignedBy(certificate, certificate);

    private static bool MayFollow(List<X509Certificate2> path, X509Certificate2 issuer, DateTimeOffset now)
    {
        // RFC 5280 §6.1.3 (a)(4) names chain; §6.1.4 (k) CA bit, (n) keyCertSign; §4.1.2.5 validity.
        if (!path[^1].IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData) || !issuer.IsCa()
            || !issuer.MayUse(X509KeyUsageFlags.KeyCertSign) || !issuer.IsValidAt(now))
            return false;

        // RFC 5280 §6.1.4 (l, m): pathLenConstraint counts the CA certificates below that are not self-issued; the leaf does not count.
        var constraint = issuer.Extensions.OfType<X509BasicConstraintsExtension>().First();
        if (constraint.HasPathLengthConstraint && path.Skip(1).Count(ca => !ca.IsSelfIssued()) > constraint.PathLengthConstraint)
            return false;
        return IsSignedBy(path[^1], issuer);
    }

    private static bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        try
        {
            return VerifySignature(certificate, issuer);
        }
        catch (AsnContentException)
        {
            // The platform reads more into a certificate than this: a signature or an algorithm that cannot be taken apart proves nothing.
            return false;
        }
    }

    private static bool VerifySignature(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        var outer = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.BER).ReadSequence();
        var signed = outer.ReadEncodedValue();
        var algorithm = outer.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        var signature = outer.ReadBitString(out _);

        if (issuer.HasRsaKey() && RsaScheme(oid, algorithm) is var (rsaHash, padding))
        {
            using var rsa = issuer.GetRSAPublicKey();
            return rsa is not null && rsa.VerifyData(signed.Span, signature, rsaHash, padding);
        }

        using var ec = issuer.GetECDsaPublicKey();
        return ec is not null && EcdsaHash(oid) is { } hash
            && ec.VerifyData(signed.Span, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    // RFC 8017 §A.2; MD5 is no signature any more, SHA-1 no longer enough for a certificate.
    private static (HashAlgorithmName Hash, RSASignaturePadding Padding)? RsaScheme(string oid, AsnReader parameters) => oid switch
    {
        "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        "1.2.840.113549.1.1.10" => PssHash(parameters) is { } hash ? (hash, RSASignaturePadding.Pss) : null,
        _ => null,
    };

    // RFC 5758 §3.2.
    private static HashAlgorithmName? EcdsaHash(string oid) => oid switch
    {
        "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };

    // RFC 8017 §A.2.3: [0] hashAlgorithm; its default is SHA-1, which is refused.
    private static HashAlgorithmName? PssHash(AsnReader parameters)
    {
        if (!parameters.HasData)
            return null;
        var sequence = parameters.ReadSequence();
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (!sequence.HasData || !sequence.PeekTag().HasSameClassAndValue(tag))
            return null;
        return sequence.ReadSequence(tag).ReadSequence().ReadObjectIdentifier() switch
        {
            "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
            "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
            "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
            _ => null,
        };
    }
}
