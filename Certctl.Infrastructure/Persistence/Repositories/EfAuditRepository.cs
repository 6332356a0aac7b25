using System.Runtime.CompilerServices;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IAuditRepository"/>
internal sealed partial class EfAuditRepository : IAuditRepository, IAsyncDisposable
{
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(10);

    private readonly IDbContextFactory<CertctlDbContext> _contexts;
    private readonly ListContexts _lists;
    private readonly DatabaseAccess _access;
    private readonly TimeProvider _clock;
    private readonly ILogger<EfAuditRepository> _logger;
    private readonly RefusalCounter _refusals = new();
    private readonly Lock _tallyLock = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly SettledCounts _settled;
    private readonly ITimer _timer;

    public EfAuditRepository(
        IDbContextFactory<CertctlDbContext> contexts,
        ListContexts lists,
        DatabaseAccess access,
        TimeProvider clock,
        ILogger<EfAuditRepository> logger)
    {
        (_contexts, _lists, _access, _clock, _logger) = (contexts, lists, access, clock, logger);
        _settled = new SettledCounts(clock);
        _timer = clock.CreateTimer(_ => _ = FlushAsync(), null, FlushPeriod, FlushPeriod);
    }

    public async Task AppendRefusalAsync(AuditEvent refusal, CancellationToken cancellationToken)
    {
        lock (_tallyLock)
        {
            if (!_refusals.Admit(refusal, _clock.GetUtcNow()))
                return;
        }

        await WriteAsync([RefusalTrim.Apply(refusal)], cancellationToken);
    }

    public Task AppendAsync(AuditEvent act, CancellationToken cancellationToken) => WriteAsync([act], cancellationToken);

    public async Task<AuditPage> ListAsync(AuditFilter filter, Guid? before, int skip, int limit, CancellationToken cancellationToken)
    {
        var settled = await _settled.FindAsync(filter, (from, to) => SettleAsync(filter, from, to), cancellationToken);
        await using var db = await _lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        var wanted = db.Matching(filter);
        var counted = settled.Counted.And(await SnapshotAsync(wanted.From(settled.Mark), filter, cancellationToken));
        var total = counted.Count;
        var window = PageWindow.Of(total, skip, limit);
        if (total == 0 || window.Take <= 0)
            return new AuditPage([], total, HasMore: skip < total);
        if (counted.Ids is { } ids)
            return await PageAsync(db, ids, before, skip, limit, cancellationToken);
        wanted = wanted.Within(counted);
        if (before is { } last)
            wanted = wanted.Before(last);
        if (before is not null || !window.Reversed)
        {
            var newest = await wanted.OrderByDescending(audit => audit.Id).Skip(skip).Take(limit + 1).ToListAsync(cancellationToken);
            return new AuditPage([.. newest.Take(limit)], total, newest.Count > limit);
        }

        var oldest = await wanted.OrderBy(audit => audit.Id).Skip(window.Skip).Take(window.Take).ToListAsync(cancellationToken);
        oldest.Reverse();
        return new AuditPage(oldest, total, window.Skip > 0);
    }

    public async IAsyncEnumerable<AuditEvent> StreamAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var db = await _lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        var events = db.Matching(filter).OrderByDescending(audit => audit.Id);
        await foreach (var audit in events.AsAsyncEnumerable().WithCancellation(cancellationToken))
            yield return audit;
    }

    public async Task<AuditEvent?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        return await db.AuditEvents.AsNoTracking().SingleOrDefaultAsync(audit => audit.Id == id, cancellationToken);
    }

    public async Task<IReadOnlyList<AuditCount>> CountAsync(
        IReadOnlyList<string> actions, DateTimeOffset since, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        await using var db = await _lists.CreateAsync(cancellationToken);
        var events = db.AuditEvents.From(since).Where(audit => actions.Contains(audit.Action) && audit.Timestamp >= since);
        if (until is { } end)
            events = events.Until(end).Where(audit => audit.Timestamp < end);
        var rows = await events
            .GroupBy(audit => new { audit.PathId, audit.Outcome, audit.Reason })
            .Select(group => new { group.Key, Count = group.Sum(audit => (long)audit.Count) })
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => new AuditCount(row.Key.PathId, row.Key.Outcome, row.Key.Reason, row.Count))];
    }

    /// <summary>Writes what was counted so far; where that fails, it stays counted for the next time.</summary>
    internal async Task FlushAsync()
    {
        await _flushing.WaitAsync();
        try
        {
            IReadOnlyList<AuditEvent> rows;
            lock (_tallyLock)
                rows = _refusals.HasCounted ? _refusals.Drain(_clock.GetUtcNow()) : [];
            if (rows.Count == 0)
                return;
            var write = WriteAsync(rows, CancellationToken.None);
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (write.IsCompletedSuccessfully)
                return;
            lock (_tallyLock)
                _refusals.TakeBack();
            LogFlushFailed(write.Exception, rows.Sum(row => row.Count));
        }
        finally
        {
            _flushing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        try
        {
            await _access.WithinAsync(FlushLastAsync(), _access.Deadline);
        }
        catch (DatabaseUnavailableException outage)
        {
            // A database that hangs must not keep the process from ending.
            LogLastFlushFailed(outage);
        }
    }

    private async Task<bool> FlushLastAsync()
    {
        await FlushAsync();
        return true;
    }

    // Nothing changes or removes an event; a counted refusal is stamped when it is written.
    private async Task<CountSnapshot> SettleAsync(AuditFilter filter, DateTimeOffset? from, DateTimeOffset to)
    {
        await using var db = await _lists.CreateAsync(CancellationToken.None);
        db.Database.SetCommandTimeout(SettledCounts.Patience);
        await using var reading = await db.BeginListAsync(CancellationToken.None);
        var wanted = db.Matching(filter).Before(to);
        return await SnapshotAsync(from is { } since ? wanted.From(since) : wanted, filter, CancellationToken.None);
    }

    // A search reads the rows anyway, so their range costs nothing extra, and pages then skip years without matches. When matches are few,
    // their ids are kept, because a text index may read very many rows to find them. Other filters count in an index of their own.
    private static async Task<CountSnapshot> SnapshotAsync(
        IQueryable<AuditEvent> rows, AuditFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Text is null)
            return new CountSnapshot(await rows.LongCountAsync(cancellationToken));
        var counted = await rows.GroupBy(_ => 1)
            .Select(group => new
            {
                Count = group.LongCount(),
                Oldest = group.Min(audit => audit.Timestamp),
                Newest = group.Max(audit => audit.Timestamp),
            })
            .SingleOrDefaultAsync(cancellationToken);
        if (counted is null)
            return CountSnapshot.None;
        if (counted.Count > CountSnapshot.Few)
            return new CountSnapshot(counted.Count, counted.Oldest, counted.Newest);
        var ids = await rows.Select(audit => audit.Id).ToListAsync(cancellationToken);
        return new CountSnapshot(ids.Count, counted.Oldest, counted.Newest, ids);
    }

    private static async Task<AuditPage> PageAsync(
        CertctlDbContext db, IReadOnlyList<Guid> ids, Guid? before, int skip, int limit, CancellationToken cancellationToken)
    {
        var rest = ids.Where(id => before is not { } last || id.CompareTo(last) < 0).OrderDescending().Skip(skip).ToList();
        var wanted = rest.Take(limit).ToList();
        var events = await db.AuditEvents.AsNoTracking().Where(audit => wanted.Contains(audit.Id))
            .OrderByDescending(audit => audit.Id).ToListAsync(cancellationToken);
        return new AuditPage(events, ids.Count, rest.Count > limit);
    }

    private async Task WriteAsync(IReadOnlyList<AuditEvent> rows, CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        db.AuditEvents.AddRange(rows);
        await db.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} counted refusals could not be written to the audit table; they stay counted")]
    private partial void LogFlushFailed(Exception? exception, int count);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The refusals that were counted last could not be written to the audit table in time; the process ends without them")]
    private partial void LogLastFlushFailed(Exception exception);
}

/// <summary>The fields of a refused request are unverified: they are kept, but shortened.</summary>
internal static class RefusalTrim
{
    private const int LongText = 1024;
    private const int ShortText = 256;
    private const int MostNames = 32;

    public static AuditEvent Apply(AuditEvent refusal) => refusal with
    {
        Detail = Cut(refusal.Detail, LongText),
        PathId = Cut(refusal.PathId, ShortText),
        TransactionId = Cut(refusal.TransactionId, ShortText),
        Subject = Cut(refusal.Subject, LongText),
        SubjectAltNames = [.. refusal.SubjectAltNames.Take(MostNames).Select(name => Cut(name, ShortText)!)],
        SerialNumber = Cut(refusal.SerialNumber, ShortText),
        Signer = Cut(refusal.Signer, LongText),
        ClientCertificate = Cut(refusal.ClientCertificate, LongText),
        DeviceName = Cut(refusal.DeviceName, LongText),
        ClaimSubject = Cut(refusal.ClaimSubject, LongText),
        ClaimIssuer = Cut(refusal.ClaimIssuer, LongText),
        RequestId = Cut(refusal.RequestId, ShortText),
    };

    private static string? Cut(string? text, int length) =>
        text is null || text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");
}
