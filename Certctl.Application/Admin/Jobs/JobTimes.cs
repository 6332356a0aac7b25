namespace Certctl.Application.Admin.Jobs;

/// <summary>How jobs are run.</summary>
public sealed record JobTimes
{
    public static JobTimes Default { get; } = new();

    /// <summary>How long a process that runs a job may be silent before another one takes over.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Certificates in one transaction: others wait no longer for what it locks.</summary>
    public int Slice { get; init; } = 500;

    /// <summary>
    /// Between two slices, and at most <see cref="MaxPause"/>: otherwise as long as the slice took, so that others get at least half of the
    /// time. SQLite has one writer, and those who wait for it look again after a tenth of a second.
    /// </summary>
    public TimeSpan MinPause { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan MaxPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From the end of a job until it is removed. What it did stands in the audit trail.</summary>
    public TimeSpan Kept { get; init; } = TimeSpan.FromDays(30);

    /// <summary>From one removal to the next.</summary>
    public TimeSpan Sweep { get; init; } = TimeSpan.FromHours(1);
}
