using System.Collections.Concurrent;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Application.Admin;

/// <summary>How many requests of devices ended how in a slice of time.</summary>
public sealed record RateSlice(DateTimeOffset From, TimeSpan Width, long Issued, long Pending, long Refused);

/// <summary>
/// Requests of devices over time, from the audit trail. A slice that is over for a while changes no more and is remembered: a look at a
/// month costs the trail of the last slices alone.
/// </summary>
public sealed class EnrolmentRates(IAuditRepository audit, DatabaseClock clock)
{
    // Floods of refusals are written up to ten seconds after they were counted.
    private static readonly TimeSpan Settles = TimeSpan.FromMinutes(10);

    private const int MaxRemembered = 1000;

    private readonly ConcurrentDictionary<(DateTimeOffset From, TimeSpan Width), RateSlice> _remembered = new();

    /// <summary>Oldest first; the last one is not over.</summary>
    /// <param name="actions">Codes of <see cref="AuditAction"/>; the same at every call.</param>
    public async Task<IReadOnlyList<RateSlice>> ReadAsync(
        IReadOnlyList<string> actions, TimeSpan width, int count, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        var last = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % width.Ticks), TimeSpan.Zero);
        var slices = new List<RateSlice>(count);
        for (var i = count - 1; i >= 0; i--)
            slices.Add(await SliceAsync(actions, last - (i * width), width, now, cancellationToken));
        return slices;
    }

    private async Task<RateSlice> SliceAsync(
        IReadOnlyList<string> actions, DateTimeOffset from, TimeSpan width, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_remembered.TryGetValue((from, width), out var known))
            return known;
        var counts = await audit.CountAsync(actions, from, from + width, cancellationToken);
        long Of(AuditOutcome outcome) => counts.Where(count => count.Outcome == outcome).Sum(count => count.Count);
        var slice = new RateSlice(from, width, Of(AuditOutcome.Issued), Of(AuditOutcome.Pending), Of(AuditOutcome.Refused));
        if (from + width + Settles < now)
        {
            if (_remembered.Count >= MaxRemembered)
                _remembered.Clear();
            _remembered[(from, width)] = slice;
        }

        return slice;
    }
}
