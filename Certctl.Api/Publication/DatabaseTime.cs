using Certctl.Application.Enrolments.Journal;

namespace Certctl.Api.Publication;

/// <summary>
/// The wall clock of the database, by which CRLs and OCSP answers are dated: what caches are told goes by the same one. Until it was asked
/// for the first time, that of this process.
/// </summary>
internal sealed class DatabaseTime(DatabaseClock clock, TimeProvider process) : TimeProvider
{
    public override long TimestampFrequency => process.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => process.GetUtcNow() - (clock.Difference ?? TimeSpan.Zero);

    public override long GetTimestamp() => process.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        process.CreateTimer(callback, state, dueTime, period);
}
