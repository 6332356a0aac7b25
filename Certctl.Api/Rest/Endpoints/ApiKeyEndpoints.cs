using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Enrolments.Journal;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The keys of this API that are made at run time, beside those of the configuration.</summary>
internal static class ApiKeyEndpoints
{
    internal const int UsualDays = 90;

    public static void MapApiKeys(this IEndpointRouteBuilder api)
    {
        api.MapGet("/api-keys", ListAsync).RequireAuthorization(ApiPolicy.Admin)
            .WithQuery(QueryField.Page, QueryField.PerPage).Produces<Page<ApiKeyView>>().Refuses(400)
            .WithSummary("The keys that were made at run time")
            .WithDescription("Newest first, with those that count no more. The keys themselves are nowhere.");
        api.MapPost("/api-keys", CreateAsync).RequireAuthorization(ApiPolicy.Admin).Accepts<ApiKeyBody>("application/json")
            .Produces<ApiKeyMade>(201).Refuses(400, 409).Sends(201, ResponseHeader.CacheControl)
            .WithSummary("Make a key").WithDescription(
                $"The answer shows it this once. It counts for {UsualDays} days unless expires_at says otherwise, at most 366.");
        api.MapDelete("/api-keys/{id}", RevokeAsync).RequireAuthorization(ApiPolicy.Admin).Produces(204).Refuses(404, 409)
            .WithSummary("Revoke a key").WithDescription("All processes refuse it from now on.");
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, IApiKeyRepository keys, DatabaseClock clock, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var paging = Paging.Read(http.Request.Query, errors);
        if (errors.Count > 0)
            return Problems.Query(http, errors);
        var all = await keys.ListAsync(cancellationToken);
        var now = await clock.NowAsync(cancellationToken);
        return paging.Of([.. all.Skip(paging.Skip).Take(paging.PerPage).Select(key => ApiKeyView.From(key, now))], all.Count, null);
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http,
        ConfiguredApiKeys configured,
        AdminDispatcher dispatcher,
        DatabaseClock clock,
        CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<ApiKeyBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);
        var (name, role) = (body!.Name!, body.Role!.Value);
        if (configured.FindConflict(name, role) is { } conflict)
            return Problems.Problem(http, StatusCodes.Status409Conflict, conflict);

        // To the second: what is answered now and what is read later are the same.
        var expires = DateTimeOffset.FromUnixTimeSeconds(
            (body.ExpiresAt ?? (await clock.NowAsync(cancellationToken)).AddDays(UsualDays)).ToUnixTimeSeconds());
        var made = ApiKeyToken.New();
        var outcome = await dispatcher.SendAsync(
            new CreateApiKeyCommand(made.Id, made.Sha256(), name, role, expires, AdminAnswer.Caller(http)), cancellationToken);
        return AdminAnswer.Of(http, outcome, _ =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return Results.Json(
                new ApiKeyMade(made.Id, name, role, expires, made.Whole.Reveal()),
                ApiJson.Options,
                statusCode: StatusCodes.Status201Created);
        });
    }

    private static async Task<IResult> RevokeAsync(
        string id, HttpContext http, AdminDispatcher dispatcher, CancellationToken cancellationToken) =>
        AdminAnswer.Of(
            http,
            await dispatcher.SendAsync(new RevokeApiKeyCommand(id, AdminAnswer.Caller(http)), cancellationToken),
            _ => Results.NoContent());
}

/// <param name="Name">The actor in the audit trail: 1 to 64 letters, digits, <c>_</c> and <c>-</c>.</param>
/// <param name="ExpiresAt">RFC 3339, with its offset; within 366 days.</param>
[RequestBody]
internal sealed record ApiKeyBody(
    [property: Field(Required = true, Pattern = ApiKeyName.Pattern, PatternInWords = ApiKeyName.PatternInWords)] string? Name = null,
    [property: Field(Required = true)] ApiRole? Role = null,
    DateTimeOffset? ExpiresAt = null);

/// <param name="Key">For <c>Authorization: Bearer</c>. Shown only once; it cannot be retrieved later.</param>
internal sealed record ApiKeyMade(string Id, string Name, ApiRole Role, DateTimeOffset ExpiresAt, string Key);

/// <param name="Id">Stands in the key after <c>certctl_</c>; no secret.</param>
/// <param name="Principal">
/// Who answers for it: the one at the beginning of the chain of makers. Approvals with keys of one principal count once.
/// </param>
/// <param name="LastUsedAt">To the minute; null: never.</param>
/// <param name="RevokedAt">Null: it is not.</param>
internal sealed record ApiKeyView(
    string Id, string Name, ApiRole Role, ApiKeyState State, DateTimeOffset CreatedAt, string CreatedBy, string Principal,
    DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt)
{
    public static ApiKeyView From(ApiKey key, DateTimeOffset now) =>
        new(key.Id, key.Name, key.Role, key.StateAt(now), key.CreatedAt, key.CreatedBy, key.Principal, key.ExpiresAt,
            key.LastUsedAt, key.RevokedAt);
}
