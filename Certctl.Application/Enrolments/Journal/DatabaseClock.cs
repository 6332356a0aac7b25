namespace Certctl.Application.Enrolments.Journal;

/// <summary>
/// The time of the database, by which everything is measured that all processes on it must agree on: retry windows, approvals, budgets,
/// expiry of API keys, revocation, CRLs (ADR 30). It is asked for at most every ten seconds and carried on by the monotonic clock in
/// between, so that neither a wrong wall clock nor one that is set changes anything. SQLite has no clock of its own: there it is the
/// host's, which all processes of such a database share.
/// </summary>
/// <param name="ask">Asks the database; null where it has no clock of its own.</param>
/// <param name="process">The clock of this process.</param>
public sealed class DatabaseClock(Func<CancellationToken, Task<DateTimeOffset>>? ask, TimeProvider process)
{
    /// <summary>How old an answer of the database may be.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    /// <summary>Up to here the clocks of this process and of the database may differ without a word.</summary>
    public static readonly TimeSpan MaxDifference = TimeSpan.FromSeconds(5);

    private Sample? _last;

    /// <summary>
    /// How far the clock of this process is ahead of the database's, as last measured; null: not measured yet, or there is only one clock.
    /// </summary>
    public TimeSpan? Difference => Volatile.Read(ref _last) is { } last ? process.GetUtcNow() - Continue(last) : null;

    /// <summary>The database's time, to half a round trip.</summary>
    public async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        if (ask is null)
            return process.GetUtcNow();
        if (Volatile.Read(ref _last) is { } last && process.GetElapsedTime(last.At) < MaxAge)
            return Continue(last);
        await ReadAsync(cancellationToken);
        return Continue(_last!);
    }

    /// <summary>The database's time as it answers now: never behind a statement that was run before.</summary>
    public async Task<DateTimeOffset> ReadAsync(CancellationToken cancellationToken)
    {
        if (ask is null)
            return process.GetUtcNow();
        var before = process.GetTimestamp();
        var time = await ask(cancellationToken);
        var after = process.GetTimestamp();
        Volatile.Write(ref _last, new Sample(time, before + ((after - before) / 2)));
        return time;
    }

    private DateTimeOffset Continue(Sample sample) => sample.Time + process.GetElapsedTime(sample.At);

    private sealed record Sample(DateTimeOffset Time, long At);
}
