using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// What the certificate file of a CA says of the CAs above it, whatever the order of the file: the path that is preferred, and what else is
/// worth handing out. A root that was renewed under its key, or is cross-signed by another, gives several paths;
/// only certificates that are valid now are on any.
/// </summary>
internal sealed class CaPath
{
    // RFC 5280 §6.1: far above any real path; and a file of certificates that all sign one another must not cost its factorial.
    private const int MaxLength = 8;
    private const int MaxSteps = 1000;

    private CaPath(
        IReadOnlyList<X509Certificate2> preferred, IReadOnlyList<X509Certificate2> published, IReadOnlyList<X509Certificate2> unused)
    {
        Preferred = preferred;
        Published = published;
        Unused = unused;
    }

    /// <summary>The CA first; a valid self-signed root last, where the file has one that it leads to.</summary>
    public IReadOnlyList<X509Certificate2> Preferred { get; }

    /// <summary>The preferred path, then every further certificate that is on some valid path.</summary>
    public IReadOnlyList<X509Certificate2> Published { get; }

    /// <summary>What the file holds besides.</summary>
    public IReadOnlyList<X509Certificate2> Unused { get; }

    public static CaPath Find(KeyPair ca, DateTimeOffset now) => Find(ca, certificate => IsValidAt(certificate, now));

    /// <summary>
    /// The certificates whose name constraints the CA has to obey: those of its path and, where no valid root ends that, of the one that
    /// expired certificates would make too. A root's constraint does not end with the root's certificate for clients that still hold it.
    /// </summary>
    public static IReadOnlyList<X509Certificate2> Constraining(KeyPair ca, DateTimeOffset now)
    {
        var valid = Find(ca, now).Preferred;
        return IsSelfSigned(valid[^1])
            ? valid
            : [.. valid.Concat(Find(ca, _ => true).Published).DistinctBy(certificate => certificate.Thumbprint)];
    }

    public static bool IsValidAt(X509Certificate2 certificate, DateTimeOffset now) =>
        certificate.NotBefore.ToUniversalTime() <= now && now < certificate.NotAfter.ToUniversalTime();

    private static CaPath Find(KeyPair ca, Predicate<X509Certificate2> counts)
    {
        var file = ca.Chain.Where(above => !SameAs(above, ca.Certificate)).DistinctBy(above => above.Thumbprint).ToList();
        var paths = new List<List<X509Certificate2>>();
        new PathSearch([.. file.Where(above => counts(above) && IsCa(above))], paths).Extend([ca.Certificate]);

        // A root of the file first; then the way that is shorter to it, or reaches further where there is none; then what is valid for
        // longest. The thumbprint decides between what is alike, so that the order of the file never does.
        var preferred = paths.OrderByDescending(path => IsSelfSigned(path[^1]))
            .ThenBy(path => IsSelfSigned(path[^1]) ? path.Count : -path.Count)
            .ThenByDescending(path => path.Skip(1).Select(above => above.NotAfter).DefaultIfEmpty(DateTime.MaxValue).Min())
            .ThenBy(path => string.Concat(path.Select(above => above.Thumbprint)), StringComparer.Ordinal)
            .First();
        var others = paths.SelectMany(path => path)
            .Where(above => !preferred.Exists(one => SameAs(one, above))).DistinctBy(above => above.Thumbprint)
            .OrderByDescending(above => above.NotAfter).ThenBy(above => above.Thumbprint, StringComparer.Ordinal);
        List<X509Certificate2> published = [.. preferred, .. others];
        return new CaPath(preferred, published, [.. file.Where(above => !published.Exists(one => SameAs(one, above)))]);
    }

    private static bool IsCa(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };

    // Not by its names alone: the certificate that a CA's old key signed for its new one has one name twice as well (RFC 5280 §3.2),
    // and is no root.
    private static bool IsSelfSigned(X509Certificate2 certificate)
    {
        var outer = new DerReader(certificate.RawDataMemory);
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
            || !outer.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryRead(DerTag.Sequence, out _, out var signed)
            || !fields.TryRead(DerTag.Sequence, out _, out var algorithm)
            || !fields.TryRead(DerTag.BitString, out var signature)
            || signature.IsEmpty)
            return false;

        // A root may be signed by an algorithm that is refused for requests; then its names decide.
        return !CsrSignatureAlgorithm.TryRead(algorithm, CryptoPolicy.Legacy, out var scheme, out _)
            || !CertificateReader.TryRead(certificate.RawDataMemory, out var read, out _)
            || scheme!.Verifies(read!.PublicKey, signed.Span, signature.Span[1..]);
    }

    private static bool SameAs(X509Certificate2 one, X509Certificate2 other) =>
        one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    /// <summary>
    /// Finds every path that cannot be made longer, a self-signed certificate being the end of any. Each signature is verified once.
    /// </summary>
    private sealed class PathSearch(List<X509Certificate2> candidates, List<List<X509Certificate2>> paths)
    {
        private readonly Dictionary<string, List<X509Certificate2>> _issuers = new(StringComparer.Ordinal);
        private int _steps;

        public void Extend(List<X509Certificate2> path)
        {
            var issuers = path.Count == MaxLength || _steps >= MaxSteps
                ? []
                : IssuersOf(path[^1]).FindAll(above => !path.Exists(below => SameAs(below, above)));
            if (issuers.Count == 0)
                paths.Add(path);
            _steps++;
            foreach (var issuer in issuers)
                Extend([.. path, issuer]);
        }

        private List<X509Certificate2> IssuersOf(X509Certificate2 certificate)
        {
            if (_issuers.TryGetValue(certificate.Thumbprint, out var known))
                return known;
            return _issuers[certificate.Thumbprint] = IsSelfSigned(certificate)
                ? []
                : [.. candidates.Where(above => CaCheck.Issued(above, certificate))
                    .OrderBy(above => !IsSelfSigned(above)).ThenByDescending(above => above.NotAfter)
                    .ThenBy(above => above.Thumbprint, StringComparer.Ordinal)];
        }
    }
}
