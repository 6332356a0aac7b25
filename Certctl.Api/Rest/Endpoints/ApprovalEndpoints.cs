using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Approvals;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>Requests waiting for approval.</summary>
internal static class ApprovalEndpoints
{
    private const int MostRows = 10_000;

    private static readonly QueryField<bool?> All = QueryField.Flag("all", "Also those that are decided or have lapsed");

    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        api.MapGet("/approvals", ListAsync)
            .WithQuery([All, .. QueryField.OfLists])
            .Produces<Page<ApprovalView>>().Refuses(400)
            .WithSummary("Requests waiting for approval").WithDescription("Oldest first.");
        Decide("approve", approve: true).WithSummary("Approve a request")
            .WithDescription("The certificate profile sets how many approvals are needed.");
        Decide("deny", approve: false).WithSummary("Deny a request").WithDescription("One denial ends it.");

        RouteHandlerBuilder Decide(string verb, bool approve) => api
            .MapPost($"/approvals/{{id:guid}}/{verb}", (Guid id, HttpContext http, AdminDispatcher dispatcher, CancellationToken token) =>
                DecideAsync(id, approve, http, dispatcher, token))
            .RequireAuthorization(ApiPolicy.Operator).Accepts<DecisionBody>(isOptional: true, "application/json")
            .Produces<DecisionResult>().Refuses(400, 404, 409);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IApprovalRepository approvals, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        var after = paging.CursorId(errors);
        if (errors.Count > 0)
            return Problems.Query(http, errors);

        // Few requests wait at a time; a queue longer than this could not be worked through anyway.
        var rows = await approvals.ListAsync(All.Of(http.Request.Query) == true, MostRows, cancellationToken);
        var start = after is { } cursor ? rows.TakeWhile(row => row.Id != cursor).Count() + 1 : paging.Skip;
        var page = rows.Skip(start).Take(paging.PerPage).ToList();
        return paging.Of(page, rows.Count, start + page.Count < rows.Count ? page[^1].Id.ToString("N") : null);
    }

    private static async Task<IResult> DecideAsync(
        Guid id, bool approve, HttpContext http, AdminDispatcher dispatcher, CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<DecisionBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var outcome = await dispatcher.SendAsync(
            new DecideEnrolmentCommand(id, approve, body?.Note ?? "", AdminAnswer.Caller(http)), cancellationToken);
        return AdminAnswer.Of(
            http, outcome, summary => MetaEndpoints.Json(new DecisionResult(id, approve ? "approved" : "denied", summary)));
    }
}

/// <param name="Note">Free text, shown to other operators; at most 1000 characters.</param>
[RequestBody]
internal sealed record DecisionBody([property: Field(MaxLength = AdminNote.MaxLength)] string? Note = null);

/// <param name="Status"><c>approved</c> or <c>denied</c>: this operator's decision.</param>
/// <param name="Message">What became of the request.</param>
internal sealed record DecisionResult(Guid Id, string Status, string Message);
