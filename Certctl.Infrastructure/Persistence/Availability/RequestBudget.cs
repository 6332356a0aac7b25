namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// How long one request may still wait for the database: spent by waiting alone, never by the server's own work. It flows with the
/// request's asynchronous calls; code outside a request has none.
/// </summary>
public sealed class RequestBudget
{
    private static readonly AsyncLocal<RequestBudget?> Ambient = new();

    private readonly Lock _lock = new();
    private readonly TimeSpan _total;
    private TimeSpan _remaining;
    private int _waits;
    private long _since;

    private RequestBudget(TimeSpan total) => _remaining = _total = total;

    /// <summary>Null outside a request.</summary>
    internal static RequestBudget? Current => Ambient.Value;

    /// <summary>Never negative.</summary>
    internal TimeSpan Remaining
    {
        get
        {
            lock (_lock)
            {
                var left = _waits > 0 ? _remaining - TimeProvider.System.GetElapsedTime(_since) : _remaining;
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Gives the calling asynchronous method, and all that it calls, a budget.</summary>
    public static void Begin(TimeSpan total) => Ambient.Value = new RequestBudget(total);

    /// <summary>A wait begins. Waits at the same time, or one within another, cost their time once.</summary>
    internal void Enter()
    {
        lock (_lock)
        {
            if (_waits++ == 0)
                _since = TimeProvider.System.GetTimestamp();
        }
    }

    internal void Leave()
    {
        lock (_lock)
        {
            if (--_waits == 0)
                _remaining -= TimeProvider.System.GetElapsedTime(_since);
        }
    }

    /// <summary>A request that works through a list page by page may wait as long again for what it does with the next one.</summary>
    internal void Renew()
    {
        lock (_lock)
            (_remaining, _since) = (_total, TimeProvider.System.GetTimestamp());
    }
}
