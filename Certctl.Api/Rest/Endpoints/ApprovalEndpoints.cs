using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Approvals;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The requests that wait for people.</summary>
internal static class ApprovalEndpoints
{
    private const int MostRows = 10_000;

    private static readonly QueryField<bool?> All = QueryField.Flag("all", "Also those that are decided or have lapsed");

    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        api.MapGet("/approvals", ListAsync)
            .WithQuery([All, .. QueryField.OfLists])
            .Produces<Page<ApprovalView>>().Refuses(400)
            .WithSummary("The requests that wait for people").WithDescription("Oldest first.");
        Decide("approve", approve: true).WithSummary("Approve a request").WithDescription("The certificate profile says how many people must.");
        Decide("deny", approve: false).WithSummary("Deny a request").WithDescription("One denial ends it.");

        RouteHandlerBuilder Decide(string verb, bool approve) => api
            .MapPost($"/approvals/{{id:guid}}/{verb}", (Guid id, HttpContext http, AdminDesk desk, CancellationToken token) => DecideAsync(id, approve, http, desk, token))
            .RequireAuthorization(ApiPolicy.Operator).Accepts<DecisionBody>(isOptional: true, "application/json").Produces<DecisionResult>().Refuses(400, 404, 409);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IApprovalRepository approvals, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        var after = paging.CursorId(errors);
        if (errors.Count > 0)
            return Problems.Query(http, errors);

        // Whoever waits is few; a queue of ten thousand is nobody's to read.
        var rows = await approvals.ListAsync(All.Of(http.Request.Query) == true, MostRows, cancellationToken);
        var start = after is { } cursor ? rows.TakeWhile(row => row.Id != cursor).Count() + 1 : paging.Skip;
        var page = rows.Skip(start).Take(paging.PerPage).ToList();
        return paging.Of(page, rows.Count, start + page.Count < rows.Count ? page[^1].Id.ToString("N") : null);
    }

    private static async Task<IResult> DecideAsync(Guid id, bool approve, HttpContext http, AdminDesk desk, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<DecisionBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var outcome = await desk.SendAsync(new DecideEnrolmentCommand(id, approve, body?.Note ?? "", AdminAnswer.Caller(http)), cancellationToken);
        return AdminAnswer.Of(http, outcome, summary => MetaEndpoints.Json(new DecisionResult(id, approve ? "approved" : "denied", summary)));
    }
}

/// <param name="Note">In the person's own words, for other people; at most 1000 characters.</param>
[RequestBody]
internal sealed record DecisionBody([property: Field(MaxLength = AdminNote.MaxLength)] string? Note = null);

/// <param name="Status"><c>approved</c> or <c>denied</c>: what this person said.</param>
/// <param name="Message">What became of the request.</param>
internal sealed record DecisionResult(Guid Id, string Status, string Message);
