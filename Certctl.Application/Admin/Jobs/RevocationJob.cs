using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;

namespace Certctl.Application.Admin.Jobs;

/// <summary>Where a job stands. The last three are ends: nothing of it is done any more.</summary>
public enum JobState
{
    /// <summary>No process works at it yet.</summary>
    Queued,

    Running,
    Done,
    Cancelled,

    /// <summary>The database refused a statement; what was done before stays done.</summary>
    Failed,
}

/// <summary>Which certificates a bulk revocation is about.</summary>
/// <param name="Filter">What it says of a certificate never changes: it has no status.</param>
/// <param name="SerialNumbers">40 lower-case hex digits each; null: the filter alone.</param>
public sealed record RevocationCriteria(CertificateFilter Filter, IReadOnlyList<string>? SerialNumbers);

/// <summary>A bulk revocation, which goes on without the request that asked for it.</summary>
public sealed record RevocationJob
{
    public required Guid Id { get; init; }

    public JobState State { get; init; }

    public required RevocationCriteria Criteria { get; init; }

    public required RevocationReason Reason { get; init; }

    /// <summary>Free text for other operators; empty when there is none.</summary>
    public required string Note { get; init; }

    /// <summary>Who asked for it.</summary>
    public required AdminCaller Caller { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>All that the criteria name, counted when it was asked for.</summary>
    public required int Matched { get; init; }

    public int Revoked { get; init; }

    /// <summary>Those that needed no revocation: ended, or revoked before.</summary>
    public int Skipped { get; init; }

    /// <summary>Those that a job that failed has not come to.</summary>
    public int Failed => State == JobState.Failed ? Math.Max(0, Matched - Revoked - Skipped) : 0;

    /// <summary>Why it failed; null: it has not.</summary>
    public string? Error { get; init; }
}
