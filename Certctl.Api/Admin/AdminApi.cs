using Certctl.Api.Admin.Endpoints;

namespace Certctl.Api.Admin;

/// <summary>The REST API at <c>/api/v1</c>: every route asks for a role, except the few that say that they do not.</summary>
internal static class AdminApi
{
    public const string Root = "/api";

    public static void MapAdminApi(this WebApplication app)
    {
        var api = app.MapGroup($"{Root}/v1").RequireAuthorization(ApiPolicy.Auditor);
        api.AddEndpointFilter(EndpointContract.RefuseStrangersAsync);
        api.MapMeta();
        api.MapScepAdmin();
        api.MapApprovals();
        api.MapAudit();
        api.MapCertificates();
        api.MapProfiles();
    }

    /// <summary>What routing refuses gets the body of a problem, too.</summary>
    public static void UseApiProblems(this WebApplication app) => app.UseWhen(
        http => http.Request.Path.StartsWithSegments(Root),
        branch => branch.UseStatusCodePages(context => Problems.WriteAsync(
            context.HttpContext, context.HttpContext.Response.StatusCode, Problems.Words(context.HttpContext.Response.StatusCode))));
}
