using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Scep;

namespace Certctl.Api.Admin.Endpoints;

/// <summary>SCEP profiles as the server runs them: their RA, their connectors, how signed challenges fare.</summary>
internal static class ScepAdminEndpoints
{
    private const string Origin = "REST API";

    public static void MapScepAdmin(this IEndpointRouteBuilder api)
    {
        api.MapGet("/admin/scep/profiles", ProfilesAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ScepProfileList<ScepProfileRow>>()
            .WithSummary("SCEP profiles as they run").WithDescription("By path. What concerns signed challenges stands under intune, and only where they are taken.");
        api.MapGet("/admin/scep/intune/stats", StatsAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ScepProfileList<IntuneRow>>()
            .WithSummary("How signed challenges fare").WithDescription("Every SCEP profile, by path, in the flat shape.");
        api.MapPost("/admin/scep/intune/reload-trust", ReloadAsync).RequireAuthorization(ApiPolicy.Admin)
            .Accepts<ReloadBody>(isOptional: true, "application/json").Produces<ReloadResult>().Refuses(400, 404, 409)
            .WithSummary("Read the connectors of a profile again").WithDescription("All of the new bundle counts, or the old one stays and the answer is 500.");
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

    private static IResult Envelope<T>(IReadOnlyList<T> rows, DateTimeOffset at) => MetaEndpoints.Json(new ScepProfileList<T>(rows, rows.Count, at.UtcDateTime));

    private static async Task<IResult> ReloadAsync(HttpContext http, AdminDesk desk, ScepProfileTable profiles, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (named, problem) = await JsonBody.TextAsync(http, "path_id", cancellationToken);
        if (problem is not null)
            return Problems.Problem(http, StatusCodes.Status400BadRequest, problem, new Dictionary<string, string[]> { ["path_id"] = [problem] });

        // Nothing, or an object without the key, means the root profile.
        var pathId = named ?? "";
        return await desk.SendAsync(new ReloadTrustCommand(pathId, ApiPolicy.ActorOf(http), Origin), cancellationToken) switch
        {
            AdminOutcome.Done => MetaEndpoints.Json(new ReloadResult(true, pathId, clock.GetUtcNow().UtcDateTime)),
            AdminOutcome.NotFound => Problems.Problem(http, StatusCodes.Status404NotFound, $"SCEP profile not found for path_id=\"{pathId}\""),
            AdminOutcome.Conflict => Problems.Problem(http, StatusCodes.Status409Conflict, $"SCEP profile \"{pathId}\" does not have Intune enabled"),
            AdminOutcome.Failed(var detail) => Problems.Problem(http, StatusCodes.Status500InternalServerError, $"Trust anchor reload failed. {detail}"),
            AdminOutcome.Invalid(var problems) => Problems.Problem(http, StatusCodes.Status400BadRequest, string.Join("; ", problems)),
            _ => throw new InvalidOperationException("No reload ends like that."),
        };
    }
}

/// <param name="Profiles">By path; never null.</param>
internal sealed record ScepProfileList<T>(IReadOnlyList<T> Profiles, int ProfileCount, DateTime GeneratedAt);

/// <param name="PathId">Of the SCEP profile; absent for the root.</param>
internal sealed record ReloadBody(string? PathId = null);

internal sealed record ReloadResult(bool Reloaded, string PathId, DateTime ReloadedAt);
