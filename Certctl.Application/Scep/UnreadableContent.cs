namespace Certctl.Application.Scep;

/// <summary>
/// The time that passes at least before <see cref="Domain.Enrolments.FailureReason.UnreadableContent"/> is answered (ADR 6).
/// </summary>
public static class UnreadableContent
{
    // 20 ms at the least: timers go by the kernel's coarse clock and may fire one of its ticks early.
    private static readonly TimeSpan Floor = TimeSpan.FromMilliseconds(25);

    /// <summary>Begun before anything depends on what is inside the envelope, so that its end does not either.</summary>
    public static Task BeginFloor() => Task.Delay(Floor, CancellationToken.None);
}
