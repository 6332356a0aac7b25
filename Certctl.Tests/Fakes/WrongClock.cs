namespace Certctl.Tests.Fakes;

/// <summary>A clock that runs as fast as another and shows another time.</summary>
internal sealed class WrongClock(TimeProvider right) : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => right.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => right.GetUtcNow() + Ahead;

    public override long GetTimestamp() => right.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        right.CreateTimer(callback, state, dueTime, period);
}
