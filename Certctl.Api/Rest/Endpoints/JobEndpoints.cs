using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Jobs;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>Bulk revocations that go on without their request: followed, and cancelled.</summary>
internal static class JobEndpoints
{
    public const string Path = $"{AdminApi.Root}/v1/jobs";

    private static readonly QueryField<JobState?> State = QueryField.Word<JobState>("state", "Where it stands now");

    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs", ListAsync).WithQuery([State, .. QueryField.OfLists]).Produces<Page<JobRow>>().Refuses(400)
            .WithSummary("The bulk revocations").WithDescription(
                $"Newest first. They are removed {JobTimes.Default.Kept.TotalDays} days after their end; the audit trail keeps "
                + "what they did.");
        api.MapGet("/jobs/{id:guid}", FindAsync).Produces<JobRow>().Refuses(404)
            .WithSummary("How far a bulk revocation has come");
        api.MapPost("/jobs/{id:guid}/cancel", CancelAsync).RequireAuthorization(ApiPolicy.Admin).Produces<JobRow>().Refuses(400, 404)
            .WithSummary("Cancel a bulk revocation")
            .WithDescription("Nothing more is revoked after the answer; what was revoked stays revoked. "
                + "One that has ended stays as it is.");
    }

    public static IResult Show(JobRow job, int status = StatusCodes.Status200OK) =>
        Results.Json(job, ApiJson.Options, statusCode: status);

    private static async Task<IResult> ListAsync(HttpContext http, IJobStore jobs, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        var (state, before) = (State.Of(http.Request.Query), paging.CursorId(errors));
        if (errors.Count > 0 || !await paging.IsWithinReachAsync(
            async () => (await jobs.ListAsync(state, null, 0, 0, cancellationToken)).Total, errors))
            return Problems.Query(http, errors);
        var page = await jobs.ListAsync(state, before, paging.Skip, paging.PerPage, cancellationToken);
        return paging.Of(
            [.. page.Jobs.Select(job => JobRow.Of(job))], page.Total, page.HasMore ? page.Jobs[^1].Id.ToString("N") : null);
    }

    private static async Task<IResult> FindAsync(Guid id, HttpContext http, IJobStore jobs, CancellationToken cancellationToken) =>
        await jobs.FindAsync(id, cancellationToken) is { } job
            ? Show(JobRow.Of(job))
            : Problems.Problem(http, StatusCodes.Status404NotFound, "Job not found");

    private static async Task<IResult> CancelAsync(
        Guid id, HttpContext http, AdminDispatcher dispatcher, CancellationToken cancellationToken)
    {
        var outcome = await dispatcher.SendAsync(new CancelJobCommand(id, AdminAnswer.Caller(http)), cancellationToken);
        return AdminAnswer.OfJob(http, outcome, job => Show(JobRow.Of(job)));
    }
}

/// <summary>A bulk revocation, with upstream's keys for its counts.</summary>
/// <param name="Id">Null: a dry run, which is not kept.</param>
/// <param name="Kind">Always <c>bulk_revocation</c>.</param>
/// <param name="RequestedBy">As the audit trail names the actor.</param>
/// <param name="Reason">RFC 5280 §5.3.1, such as <c>keyCompromise</c>.</param>
/// <param name="PathId">PathID of the SCEP profile; empty for the root, null: it does not matter.</param>
/// <param name="CertificateIdsGiven">How many serial numbers the request named; null: none.</param>
/// <param name="TotalMatched">All that the criteria name, counted when it was asked for; what is issued later is not among them.</param>
/// <param name="TotalRevoked">Those that it has revoked so far, or would.</param>
/// <param name="TotalSkipped">Those that had ended or were revoked before.</param>
/// <param name="TotalFailed">Those that a job that failed has not come to.</param>
/// <param name="Error">Why it failed; null: it has not.</param>
internal sealed record JobRow(
    Guid? Id,
    string Kind,
    JobState State,
    bool DryRun,
    string RequestedBy,
    DateTime CreatedAt,
    DateTime? StartedAt,
    DateTime? EndedAt,
    string Reason,
    string Note,
    string? ProfileId,
    string? IssuerId,
    string? PathId,
    string? Source,
    int? CertificateIdsGiven,
    int TotalMatched,
    int TotalRevoked,
    int TotalSkipped,
    int TotalFailed,
    string? Error)
{
    public static JobRow Of(RevocationJob job, bool dryRun = false) => new(
        dryRun ? null : job.Id,
        "bulk_revocation",
        job.State,
        dryRun,
        job.Caller.Actor,
        job.CreatedAt.UtcDateTime,
        job.StartedAt?.UtcDateTime,
        job.EndedAt?.UtcDateTime,
        RevocationReasons.Word(job.Reason),
        job.Note,
        job.Criteria.Filter.ProfileId,
        job.Criteria.Filter.IssuerId,
        job.Criteria.Filter.PathId,
        job.Criteria.Filter.Source,
        job.Criteria.SerialNumbers?.Count,
        job.Matched,
        job.Revoked,
        job.Skipped,
        job.Failed,
        job.Error);
}
