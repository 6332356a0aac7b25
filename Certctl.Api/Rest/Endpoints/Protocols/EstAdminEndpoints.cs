using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.TrustAnchors;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>EST profiles as the server runs them.</summary>
internal static class EstAdminEndpoints
{
    public static void MapEstAdmin(this IEndpointRouteBuilder api)
    {
        api.MapGet("/admin/est/profiles", Profiles).RequireAuthorization(ApiPolicy.Admin).Produces<ProfileList<EstProfileRow>>()
            .WithSummary("EST profiles as they run").WithDescription("By label, with how requests have ended since the process started.");
        api.MapTrustReload("/admin/est/reload-trust", "Read the trust bundle of an EST profile again",
            (pathId, caller) => new ReloadEstTrustCommand(pathId, caller));
    }

    private static IResult Profiles(EstProfileReport report)
    {
        var (rows, at) = report.Profiles();
        return MetaEndpoints.Json(new ProfileList<EstProfileRow>(rows, rows.Count, at.UtcDateTime));
    }
}
