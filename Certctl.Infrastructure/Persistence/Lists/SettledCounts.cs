namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>
/// Remembers how many rows of a filter were there at a mark in the past, where nothing changes any more: so a true total costs the rows
/// since, not millions. It holds facts of the database and nothing else, so each process may have its own. Bounded:
/// what was asked for longest ago goes first.
/// </summary>
/// <remarks>
/// A row is stamped when its request arrives and committed when it is answered; no request lives for minutes, and clocks of one cluster are
/// closer than that. Should one ever come behind the mark all the same, or the database be set back,
/// the total is wrong for <see cref="MaxAge"/> at the most.
/// </remarks>
internal sealed class SettledCounts(TimeProvider clock)
{
    /// <summary>So long after its stamp every row has been committed, or never will be.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    /// <summary>Then it is all counted anew.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    /// <summary>Filters at the most.</summary>
    public const int Capacity = 256;

    /// <summary>For one count: that of a strange search reads the whole table.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // How far a mark may fall behind before what came since is added to its count.
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly Dictionary<object, Entry> _known = [];
    private readonly Lock _lock = new();

    /// <summary>Counts the rows stamped at <paramref name="from"/> or later (null: since ever) and before <paramref name="to"/>.</summary>
    public delegate Task<CountSnapshot> Counting(DateTimeOffset? from, DateTimeOffset to);

    /// <summary>
    /// What is settled of this filter. Concurrent callers share one count, which continues when they stop waiting,
    /// so that a later call finds it.
    /// </summary>
    /// <param name="key">The filter, by value.</param>
    public async Task<Settled> FindAsync(object key, Counting count, CancellationToken cancellationToken)
    {
        Task<Settled> running;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (!_known.TryGetValue(key, out var entry))
            {
                if (_known.Count >= Capacity)
                    _known.Remove(_known.MinBy(pair => pair.Value.AskedAt).Key);
                _known[key] = entry = new Entry();
            }

            entry.AskedAt = clock.GetTimestamp();
            var last = entry.Settled is { } settled && now - settled.Since < MaxAge ? settled : null;
            if (last is not null && now - Settling - last.Mark < Step)
                return last;
            if (entry.Running is null or { IsCompleted: true })
                entry.Running = Task.Run(() => CountAsync(entry, last, count, now), CancellationToken.None);
            running = entry.Running;
        }

        return await running.WaitAsync(cancellationToken);
    }

    private async Task<Settled> CountAsync(Entry entry, Settled? last, Counting count, DateTimeOffset now)
    {
        var mark = now - Settling;
        var counted = await count(last?.Mark, mark);
        var settled = last is null ? new Settled(mark, counted, now) : new Settled(mark, last.Counted.And(counted), last.Since);
        lock (_lock)
            entry.Settled = settled;
        return settled;
    }

    private sealed class Entry
    {
        public Settled? Settled { get; set; }

        public Task<Settled>? Running { get; set; }

        public long AskedAt { get; set; }
    }
}

/// <summary>So many rows of a filter were stamped before the mark.</summary>
/// <param name="Since">When all of them were last counted.</param>
internal sealed record Settled(DateTimeOffset Mark, CountSnapshot Counted, DateTimeOffset Since);

/// <summary>So many rows, and between which places of their list they stand.</summary>
/// <param name="Oldest">Null: not known.</param>
/// <param name="Ids">Which ones, in any order; null: not known, or more than <see cref="Few"/>.</param>
internal sealed record CountSnapshot(
    long Count, DateTimeOffset? Oldest = null, DateTimeOffset? Newest = null, IReadOnlyList<Guid>? Ids = null)
{
    /// <summary>So many may be remembered one by one.</summary>
    public const int Few = 1000;

    public static readonly CountSnapshot None = new(0);

    public CountSnapshot And(CountSnapshot more) => Count == 0 ? more : more.Count == 0 ? this
        : new CountSnapshot(
            Count + more.Count,
            Min(Oldest, more.Oldest),
            Max(Newest, more.Newest),
            Count + more.Count <= Few && Ids is not null && more.Ids is not null ? [.. Ids, .. more.Ids] : null);

    private static DateTimeOffset? Min(DateTimeOffset? a, DateTimeOffset? b) => a is null || b is null ? null : a < b ? a : b;

    private static DateTimeOffset? Max(DateTimeOffset? a, DateTimeOffset? b) => a is null || b is null ? null : a > b ? a : b;
}

/// <summary>The rows of a list that a page consists of, read from the nearer end.</summary>
/// <param name="Reversed">From the oldest on.</param>
/// <param name="Skip">From that end.</param>
/// <param name="Take">None: the page lies behind the last row.</param>
internal readonly record struct PageWindow(bool Reversed, int Skip, int Take)
{
    public static PageWindow Of(long total, int skip, int limit)
    {
        var behind = total - skip - limit;
        return behind < skip
            ? new PageWindow(true, (int)Math.Max(0, behind), (int)Math.Max(0, limit + Math.Min(0, behind)))
            : new PageWindow(false, skip, limit);
    }
}
