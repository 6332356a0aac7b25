using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// What is new about a part. Of certificates: the SHA-256 before and after. Of a secret: nothing but that it changed, since a digest of a
/// secret that a person chose can be guessed at.
/// </summary>
/// <param name="Before">Null for a secret.</param>
internal sealed record PartChange(string? Before, string? After)
{
    public static readonly PartChange OfSecret = new(null, null);

    /// <summary>Null where they are the same.</summary>
    public static PartChange? Between(string before, string after) => before == after ? null : new(before, after);

    /// <summary>As above; the order of the certificates does not count.</summary>
    public static PartChange? Between(IEnumerable<X509Certificate2> before, IEnumerable<X509Certificate2> after) =>
        Between(Sorted(before.Select(Sha256)), Sorted(after.Select(Sha256)));

    public static string Sorted(IEnumerable<string> fingerprints) =>
        string.Join(", ", fingerprints.Distinct().Order(StringComparer.Ordinal));

    public static string Sha256(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>For log and audit.</summary>
    public override string ToString() => Before is null ? "the secret changed" : $"{Before} was replaced by {After}";
}
