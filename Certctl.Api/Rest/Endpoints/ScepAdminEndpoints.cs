using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>SCEP profiles as the server runs them: their RA, their connectors, how signed challenges fare.</summary>
internal static class ScepAdminEndpoints
{
    public static void MapScepAdmin(this IEndpointRouteBuilder api)
    {
        api.MapGet("/admin/scep/profiles", ProfilesAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ScepProfileList<ScepProfileRow>>()
            .WithSummary("SCEP profiles as they run")
            .WithDescription("By path. What concerns signed challenges stands under intune, and only where they are taken.");
        api.MapGet("/admin/scep/intune/stats", StatsAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ScepProfileList<IntuneRow>>()
            .WithSummary("How signed challenges fare").WithDescription("Every SCEP profile, by path, in the flat shape.");
        api.MapPost("/admin/scep/intune/reload-trust", ReloadAsync).RequireAuthorization(ApiPolicy.Admin)
            .Accepts<ReloadBody>(isOptional: true, "application/json").Produces<ReloadResult>().Refuses(400, 404, 409)
            .WithSummary("Read the connectors of a profile again")
            .WithDescription("All of the new bundle counts, or the old one stays and the answer is 500.");
    }

    private static async Task<IResult> ProfilesAsync(ScepProfileReport report, CancellationToken cancellationToken)
    {
        var (rows, at) = await report.ProfilesAsync(cancellationToken);
        return Envelope(rows, at);
    }

    private static async Task<IResult> StatsAsync(ScepProfileReport report, CancellationToken cancellationToken)
    {
        var (rows, at) = await report.IntuneAsync(cancellationToken);
        return Envelope(rows, at);
    }

    private static IResult Envelope<T>(IReadOnlyList<T> rows, DateTimeOffset at) =>
        MetaEndpoints.Json(new ScepProfileList<T>(rows, rows.Count, at.UtcDateTime));

    private static Task<IResult> ReloadAsync(
        HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, CancellationToken cancellationToken) =>
        ReloadTrustAsync(http, dispatcher, clock, pathId => new ReloadTrustCommand(pathId, AdminAnswer.Caller(http)), cancellationToken);

    /// <param name="command">By PathID.</param>
    public static async Task<IResult> ReloadTrustAsync(
        HttpContext http, AdminDispatcher dispatcher, TimeProvider clock, Func<string, AdminCommand> command,
        CancellationToken cancellationToken)
    {
        var (body, errors) = await JsonBody.ReadAsync<ReloadBody>(http, cancellationToken);
        if (errors is not null)
            return AdminAnswer.Invalid(http, errors);

        // Nothing, or an object without the key, means the root profile.
        var pathId = body?.PathId ?? "";
        var outcome = await dispatcher.SendAsync(command(pathId), cancellationToken);
        return AdminAnswer.Of(http, outcome, _ => MetaEndpoints.Json(new ReloadResult(true, pathId, clock.GetUtcNow().UtcDateTime)));
    }
}

/// <param name="Profiles">By path; never null.</param>
internal sealed record ScepProfileList<T>(IReadOnlyList<T> Profiles, int ProfileCount, DateTime GeneratedAt);

/// <param name="PathId">Of the SCEP profile; absent for the root.</param>
[RequestBody]
internal sealed record ReloadBody(string? PathId = null);

internal sealed record ReloadResult(bool Reloaded, string PathId, DateTime ReloadedAt);
