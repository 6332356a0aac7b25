namespace Certctl.Application.Publication;

/// <summary>When CRLs are made.</summary>
/// <param name="Validity">From thisUpdate to nextUpdate. The next list is made at half of it.</param>
public sealed record CrlTimes(TimeSpan Validity)
{
    public static CrlTimes Default { get; } = new(TimeSpan.FromHours(24));

    /// <summary>Revocations within this time share a list.</summary>
    public TimeSpan Coalesce { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a process that makes a list may be silent before another one takes over.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long it counts when the last certificate of a retired CA ends.</summary>
    public TimeSpan LastEndKept { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a request waits for the first list.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);
}
