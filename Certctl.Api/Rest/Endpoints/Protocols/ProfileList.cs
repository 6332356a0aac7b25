namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <param name="Profiles">By path; never null.</param>
internal sealed record ProfileList<T>(IReadOnlyList<T> Profiles, int ProfileCount, DateTime GeneratedAt);

/// <param name="Subject">The common name, or the whole name where there is none.</param>
public sealed record TrustAnchorRow(string Subject, DateTime NotBefore, DateTime NotAfter, int DaysToExpiry, bool Expired)
{
    public static TrustAnchorRow Of(string subject, DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset now) =>
        new(subject, notBefore.UtcDateTime, notAfter.UtcDateTime, Days(notAfter, now), now >= notAfter);

    /// <summary>Whole days; 0 when it is over.</summary>
    public static int Days(DateTimeOffset until, DateTimeOffset now) => now >= until ? 0 : (int)(until - now).TotalDays;
}
