namespace Certctl.Application.Publication;

/// <summary>When CRLs are made.</summary>
/// <param name="Validity">From thisUpdate to nextUpdate. The next list is made at half of it.</param>
public sealed record CrlTimes(TimeSpan Validity)
{
    public static CrlTimes Default { get; } = new(TimeSpan.FromHours(24));

    /// <summary>From thisUpdate to nextUpdate of a delta CRL, which is made beside each complete one; null: there is none.</summary>
    public TimeSpan? DeltaValidity { get; init; }

    /// <summary>
    /// How long a transaction takes at most from the time that it notes to its commit: what is younger than a list by less may be missing
    /// from it.
    /// </summary>
    public TimeSpan Commit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Revocations within this time share a list.</summary>
    public TimeSpan Coalesce { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a process that makes a list may be silent before another one takes over.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long it counts when the last certificate of a retired CA ends.</summary>
    public TimeSpan LastEndKept { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a request waits for the first list.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);
}
