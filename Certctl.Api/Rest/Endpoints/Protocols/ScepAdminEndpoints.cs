using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.TrustAnchors;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>SCEP profiles as the server runs them: their RA, their connectors, how signed challenges fare.</summary>
internal static class ScepAdminEndpoints
{
    public static void MapScepAdmin(this IEndpointRouteBuilder api)
    {
        api.MapGet("/admin/scep/profiles", ProfilesAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ProfileList<ScepProfileRow>>()
            .WithSummary("SCEP profiles as they run")
            .WithDescription("By path. What concerns signed challenges stands under intune, and only where they are taken.");
        api.MapGet("/admin/scep/intune/stats", StatsAsync).RequireAuthorization(ApiPolicy.Admin).Produces<ProfileList<IntuneRow>>()
            .WithSummary("How signed challenges fare").WithDescription("Every SCEP profile, by path, in the flat shape.");
        api.MapTrustReload("/admin/scep/intune/reload-trust", "Read the connectors of a profile again",
            (pathId, caller) => new ReloadTrustCommand(pathId, caller));
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
        MetaEndpoints.Json(new ProfileList<T>(rows, rows.Count, at.UtcDateTime));
}
