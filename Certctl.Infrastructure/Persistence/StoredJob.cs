using Certctl.Application.Admin.Jobs;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Persistence;

/// <summary>As <see cref="RevocationJob"/>, with how far it has come and which process runs it.</summary>
internal sealed class StoredJob
{
    /// <summary>The one kind of jobs so far.</summary>
    public const string BulkRevocation = "bulk_revocation";

    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    public required JobState State { get; init; }

    /// <summary>JSON of <see cref="RevocationCriteria"/>.</summary>
    public required string Criteria { get; init; }

    public required RevocationReason Reason { get; init; }

    public required string Note { get; init; }

    public required string Actor { get; init; }

    public required string Principal { get; init; }

    public required string Channel { get; init; }

    public required string? SourceAddress { get; init; }

    public required string? RequestId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public required int Matched { get; init; }

    public int Revoked { get; init; }

    public int Skipped { get; init; }

    public string? Error { get; init; }

    /// <summary>The certificate that was looked at last; null: none yet.</summary>
    public DateTimeOffset? LastCreatedAt { get; init; }

    public string? LastSerialNumber { get; init; }

    public string? LastIssuerId { get; init; }

    /// <summary>As <see cref="JobLease.Holder"/>; null: no process has run it yet.</summary>
    public string? Holder { get; init; }

    /// <summary>As <see cref="JobLease.Fence"/>.</summary>
    public long Fence { get; init; }

    public DateTimeOffset? HeldUntil { get; init; }
}
