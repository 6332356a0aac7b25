using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// What the certificate file of a CA says of the CAs above it, whatever the order of the file: the path that is preferred, and what else is worth handing out.
/// A root that was renewed under its key, or is cross-signed by another, gives several paths; only certificates that are valid now are on any.
/// </summary>
internal sealed class CaPath
{
    // RFC 5280 §6.1: far above any real path; and a file of certificates that all sign one another must not cost its factorial.
    private const int MaxLength = 8;
    private const int MaxSteps = 1000;

    private CaPath(IReadOnlyList<X509Certificate2> preferred, IReadOnlyList<X509Certificate2> published, IReadOnlyList<X509Certificate2> unused)
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
    /// The certificates whose name constraints the CA has to obey: those of its path and, where no valid root ends that, of the one that expired certificates would
    /// make too. A root's constraint does not end with the root's certificate for clients that still hold it.
    /// </summary>
    public static IReadOnlyList<X509Certificate2> Constraining(KeyPair ca, DateTimeOffset now)
    {
        var valid = Find(ca, now).Preferred;
        return IsSelfIssued(valid[^1]) ? valid : [.. valid.Concat(Find(ca, _ => true).Published).DistinctBy(certificate => certificate.Thumbprint)];
    }

    public static bool IsValidAt(X509Certificate2 certificate, DateTimeOffset now) =>
        certificate.NotBefore.ToUniversalTime() <= now && now < certificate.NotAfter.ToUniversalTime();

    private static CaPath Find(KeyPair ca, Predicate<X509Certificate2> counts)
    {
        var file = ca.Chain.Where(above => !SameAs(above, ca.Certificate)).DistinctBy(above => above.Thumbprint).ToList();
        var paths = new List<List<X509Certificate2>>();
        var steps = 0;
        Extend([ca.Certificate], [.. file.Where(above => counts(above) && IsCa(above))], paths, ref steps);

        // A root of the file first; then the way that is shorter to it, or reaches further where there is none; then what is valid for longest. The thumbprint
        // decides between what is alike, so that the order of the file never does.
        var preferred = paths.OrderByDescending(path => IsSelfIssued(path[^1]))
            .ThenBy(path => IsSelfIssued(path[^1]) ? path.Count : -path.Count)
            .ThenByDescending(path => path.Skip(1).Select(above => above.NotAfter).DefaultIfEmpty(DateTime.MaxValue).Min())
            .ThenBy(path => string.Concat(path.Select(above => above.Thumbprint)), StringComparer.Ordinal)
            .First();
        var others = paths.SelectMany(path => path).Where(above => !preferred.Exists(one => SameAs(one, above))).DistinctBy(above => above.Thumbprint)
            .OrderByDescending(above => above.NotAfter).ThenBy(above => above.Thumbprint, StringComparer.Ordinal);
        List<X509Certificate2> published = [.. preferred, .. others];
        return new CaPath(preferred, published, [.. file.Where(above => !published.Exists(one => SameAs(one, above)))]);
    }

    /// <summary>Every path that cannot be made longer, a self-issued certificate being the end of any.</summary>
    private static void Extend(List<X509Certificate2> path, List<X509Certificate2> candidates, List<List<X509Certificate2>> paths, ref int steps)
    {
        var issuers = IsSelfIssued(path[^1]) || path.Count == MaxLength || steps >= MaxSteps
            ? []
            : candidates.FindAll(above => !path.Exists(below => SameAs(below, above)) && CaCheck.Issued(above, path[^1]));
        if (issuers.Count == 0)
            paths.Add(path);
        steps++;
        foreach (var issuer in issuers.OrderBy(above => !IsSelfIssued(above)).ThenByDescending(above => above.NotAfter).ThenBy(above => above.Thumbprint, StringComparer.Ordinal))
            Extend([.. path, issuer], candidates, paths, ref steps);
    }

    private static bool IsCa(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static bool SameAs(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);
}
