using Certctl.Application.Admin.Jobs;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Jobs, within the deadline; counts and lists within that of a list.</summary>
internal sealed class BoundedJobStore(IJobStore inner, DatabaseAccess access) : IJobStore
{
    public Task<int> CountAsync(RevocationCriteria criteria, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.CountAsync(criteria, cancellationToken));

    public Task<int> CountRevocableAsync(
        RevocationCriteria criteria, RevocationReason reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.CountRevocableAsync(criteria, reason, now, cancellationToken));

    public Task AddAsync(RevocationJob job, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.AddAsync(job, audit, cancellationToken));

    public Task<RevocationJob?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(id, cancellationToken));

    public Task<JobPage> ListAsync(JobState? state, Guid? before, int skip, int limit, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.ListAsync(state, before, skip, limit, cancellationToken));

    public Task<JobLease?> TakeAsync(string holder, TimeSpan length, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.TakeAsync(holder, length, cancellationToken));

    public Task<SliceVerdict> RunSliceAsync(
        JobLease lease,
        int size,
        TimeSpan length,
        Func<IssuedCertificate, DateTimeOffset, AuditEvent> audit,
        CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.RunSliceAsync(lease, size, length, audit, cancellationToken));

    public Task<bool> EndAsync(
        Guid id,
        long? fence,
        JobState state,
        string? error,
        Func<RevocationJob, AuditEvent> audit,
        CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.EndAsync(id, fence, state, error, audit, cancellationToken));

    public Task<int> SweepAsync(TimeSpan kept, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.SweepAsync(kept, cancellationToken));
}
