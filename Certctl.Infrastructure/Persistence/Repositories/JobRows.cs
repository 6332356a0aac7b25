using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Jobs;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <summary>Jobs as rows, and back.</summary>
internal static class JobRows
{
    // A criterion that this build does not know was meant to narrow: it is not ignored.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static StoredJob Of(RevocationJob job) => new()
    {
        Id = job.Id,
        Kind = StoredJob.BulkRevocation,
        State = job.State,
        Criteria = JsonSerializer.Serialize(job.Criteria, Json),
        Reason = job.Reason,
        Note = job.Note,
        Actor = job.Caller.Actor,
        Principal = job.Caller.Principal,
        Channel = job.Caller.Channel,
        SourceAddress = job.Caller.SourceAddress,
        RequestId = job.Caller.RequestId,
        CreatedAt = job.CreatedAt,
        Matched = job.Matched,
    };

    public static RevocationJob Read(StoredJob row) => new()
    {
        Id = row.Id,
        State = row.State,
        Criteria = JsonSerializer.Deserialize<RevocationCriteria>(row.Criteria, Json)!,
        Reason = row.Reason,
        Note = row.Note,
        Caller = new AdminCaller(row.Actor, row.Channel, row.SourceAddress, row.RequestId) { Principal = row.Principal },
        CreatedAt = row.CreatedAt,
        StartedAt = row.StartedAt,
        EndedAt = row.EndedAt,
        Matched = row.Matched,
        Revoked = row.Revoked,
        Skipped = row.Skipped,
        Error = row.Error,
    };
}
