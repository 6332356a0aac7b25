using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IJobStore"/>
/// <remarks>One conditional statement decides each time, so of two processes one changes a row.</remarks>
internal sealed class EfJobStore(IDbContextFactory<CertctlDbContext> contexts, ListContexts lists, DatabaseClock clock) : IJobStore
{
    private readonly JobSlices _slices = new(contexts, clock);

    public async Task<int> CountAsync(RevocationCriteria criteria, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        return await JobSlices.Matching(db, criteria).CountAsync(cancellationToken);
    }

    public async Task<int> CountRevocableAsync(
        RevocationCriteria criteria, RevocationReason reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        return await JobSlices.Matching(db, criteria).MayBeRevoked(reason).Where(certificate => certificate.NotAfter > now)
            .CountAsync(cancellationToken);
    }

    public async Task AddAsync(RevocationJob job, AuditEvent audit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Jobs.Add(JobRows.Of(job));
        db.AuditEvents.Add(audit);
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<RevocationJob?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Jobs.AsNoTracking().FirstOrDefaultAsync(job => job.Id == id, cancellationToken) is { } row
            ? JobRows.Read(row)
            : null;
    }

    public async Task<JobPage> ListAsync(JobState? state, Guid? before, int skip, int limit, CancellationToken cancellationToken)
    {
        await using var db = await lists.CreateAsync(cancellationToken);
        await using var reading = await db.BeginListAsync(cancellationToken);
        var wanted = db.Jobs.AsNoTracking();
        if (state is { } only)
            wanted = wanted.Where(job => job.State == only);
        var total = await wanted.CountAsync(cancellationToken);
        if (before is { } last)
            wanted = wanted.Where(job => job.Id.CompareTo(last) < 0);
        var rows = await wanted.OrderByDescending(job => job.Id).Skip(skip).Take(limit + 1).ToListAsync(cancellationToken);
        return new JobPage([.. rows.Take(limit).Select(JobRows.Read)], total, rows.Count > limit);
    }

    public async Task<JobLease?> TakeAsync(string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var open = await db.Jobs.Where(job => job.EndedAt == null).OrderBy(job => job.CreatedAt)
            .Select(job => new { job.Id, job.Fence, job.Holder, job.HeldUntil }).ToListAsync(cancellationToken);
        if (open.Count == 0)
            return null;

        // A lease that ends later than any can was taken when the clock was ahead.
        var now = await clock.ReadAsync(cancellationToken);
        var next = open.FirstOrDefault(
            job => job.Holder == holder || job.HeldUntil is not { } until || until <= now || until > now + length);
        if (next is null)
            return null;
        var taken = await db.Jobs.Where(job => job.Id == next.Id && job.Fence == next.Fence && job.EndedAt == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(job => job.Holder, holder)
                    .SetProperty(job => job.Fence, next.Fence + 1)
                    .SetProperty(job => job.HeldUntil, now + length)
                    .SetProperty(job => job.State, JobState.Running)
                    .SetProperty(job => job.StartedAt, job => job.StartedAt ?? now),
                cancellationToken);
        return taken > 0 && await FindAsync(next.Id, cancellationToken) is { } job ? new JobLease(job, holder, next.Fence + 1) : null;
    }

    public Task<SliceVerdict> RunSliceAsync(
        JobLease lease,
        int size,
        TimeSpan length,
        Func<IssuedCertificate, DateTimeOffset, AuditEvent> audit,
        CancellationToken cancellationToken) => _slices.RunAsync(lease, size, length, audit, cancellationToken);

    public async Task<bool> EndAsync(
        Guid id,
        long? fence,
        JobState state,
        string? error,
        Func<RevocationJob, AuditEvent> audit,
        CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await db.Jobs.Where(job => job.Id == id && job.EndedAt == null && (fence == null || job.Fence == fence))
            .ExecuteUpdateAsync(
                set => set.SetProperty(job => job.State, state)
                    .SetProperty(job => job.EndedAt, now)
                    .SetProperty(job => job.HeldUntil, (DateTimeOffset?)null)
                    .SetProperty(job => job.Error, error),
                cancellationToken);
        if (ended == 0)
            return false;
        var job = await db.Jobs.AsNoTracking().SingleAsync(job => job.Id == id, cancellationToken);
        db.AuditEvents.Add(audit(JobRows.Read(job)));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    public async Task<int> SweepAsync(TimeSpan kept, CancellationToken cancellationToken)
    {
        var until = await clock.ReadAsync(cancellationToken) - kept;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Jobs.Where(job => job.EndedAt <= until).ExecuteDeleteAsync(cancellationToken);
    }
}
