namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// How long one request may still wait for the database: spent by waiting alone, never by the server's own work. It flows with the
/// request's asynchronous
/// calls; code outside a request has none.
/// </summary>
public sealed class RequestBudget
{
    private static readonly AsyncLocal<RequestBudget?> Ambient = new();

    private long _remaining;

    private RequestBudget(TimeSpan total) => _remaining = total.Ticks;

    /// <summary>Null outside a request.</summary>
    internal static RequestBudget? Current => Ambient.Value;

    /// <summary>Never negative.</summary>
    internal TimeSpan Remaining => TimeSpan.FromTicks(Math.Max(0, Interlocked.Read(ref _remaining)));

    /// <summary>Gives the calling asynchronous method, and all that it calls, a budget.</summary>
    public static void Begin(TimeSpan total) => Ambient.Value = new RequestBudget(total);

    internal void Spend(TimeSpan waited) => Interlocked.Add(ref _remaining, -waited.Ticks);
}
