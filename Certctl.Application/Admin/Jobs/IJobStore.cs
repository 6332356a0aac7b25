using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Application.Admin.Jobs;

/// <summary>The bulk revocations of all processes, and which process runs which.</summary>
public interface IJobStore
{
    /// <summary>How many certificates the criteria name.</summary>
    Task<int> CountAsync(RevocationCriteria criteria, CancellationToken cancellationToken);

    /// <summary>How many of them a revocation for this reason would change.</summary>
    Task<int> CountRevocableAsync(
        RevocationCriteria criteria, RevocationReason reason, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Queues it with its audit event in one transaction.</summary>
    Task AddAsync(RevocationJob job, AuditEvent audit, CancellationToken cancellationToken);

    Task<RevocationJob?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>A page, newest first: those older than <paramref name="before"/>, or after skipping <paramref name="skip"/>.</summary>
    /// <param name="state">Null: all.</param>
    Task<JobPage> ListAsync(JobState? state, Guid? before, int skip, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The right to run the oldest job that no process runs: queued, its lease lapsed, or held by the same process already. Null: none.
    /// </summary>
    /// <param name="holder">Names this process among all.</param>
    Task<JobLease?> TakeAsync(string holder, TimeSpan length, CancellationToken cancellationToken);

    /// <summary>
    /// Revokes the next certificates of a job, oldest first, in one transaction with their audit events and the job's progress, and renews
    /// the lease.
    /// </summary>
    /// <param name="size">Certificates at most.</param>
    /// <param name="audit">The event of one certificate.</param>
    Task<SliceVerdict> RunSliceAsync(
        JobLease lease,
        int size,
        TimeSpan length,
        Func<IssuedCertificate, DateTimeOffset, AuditEvent> audit,
        CancellationToken cancellationToken);

    /// <summary>Ends a job with its audit event in one transaction. False: it has ended before, or another process runs it.</summary>
    /// <param name="fence">Of the lease under which it was run; null: any lease.</param>
    /// <param name="audit">The event of the job as it is then.</param>
    Task<bool> EndAsync(
        Guid id,
        long? fence,
        JobState state,
        string? error,
        Func<RevocationJob, AuditEvent> audit,
        CancellationToken cancellationToken);

    /// <summary>Removes the jobs that ended longer ago than this.</summary>
    Task<int> SweepAsync(TimeSpan kept, CancellationToken cancellationToken);
}

/// <summary>Some jobs, newest first.</summary>
/// <param name="Total">Of the whole filter, not of this page.</param>
/// <param name="HasMore">Older ones follow.</param>
public sealed record JobPage(IReadOnlyList<RevocationJob> Jobs, int Total, bool HasMore);

/// <param name="Fence">Greater in every later lease of the same job: under an earlier one nothing is done any more.</param>
public sealed record JobLease(RevocationJob Job, string Holder, long Fence);

/// <summary>What became of a slice.</summary>
public abstract record SliceVerdict
{
    private SliceVerdict()
    {
    }

    /// <summary>It is committed.</summary>
    /// <param name="Examined">Certificates that were looked at; fewer than asked for: there are no more.</param>
    public sealed record Committed(int Examined) : SliceVerdict;

    /// <summary>Another transaction changed one of the certificates meanwhile: nothing has happened, and the same slice is next.</summary>
    public sealed record Raced : SliceVerdict;

    /// <summary>The job was cancelled, or another process has taken it over: nothing has happened.</summary>
    public sealed record Lost : SliceVerdict;

    /// <summary>The database refused a statement, and would again: nothing has happened.</summary>
    public sealed record Refused(string Error) : SliceVerdict;
}
