namespace Certctl.Infrastructure.StatusClient;

/// <summary>What two clocks may differ by.</summary>
internal static class StatusTimes
{
    /// <summary>RFC 9919 §4 lets a client allow for it. It counts for beginnings alone: what has ended is not used.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);
}
