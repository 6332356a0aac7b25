using System.Reflection;
using Certctl.Api.Configuration;
using Certctl.Application.Admin;

namespace Certctl.Api.Admin.Endpoints;

/// <summary>Who asks, how one authenticates, which version answers.</summary>
internal static class MetaEndpoints
{
    private static readonly string Version = typeof(MetaEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void MapMeta(this IEndpointRouteBuilder api)
    {
        api.MapGet("/auth/info", (ApiOptions options) => Json(new { AuthType = options.RequiresKey ? "api-key" : "none", Required = options.RequiresKey })).AllowAnonymous();
        api.MapGet("/version", () => Json(VersionOf(Version))).AllowAnonymous();
        api.MapGet("/auth/check", (HttpContext http) =>
        {
            var role = ApiPolicy.RoleOf(http.User);
            return Json(new { Status = "authenticated", User = ApiPolicy.ActorOf(http), Admin = role == ApiRole.Admin, Role = role });
        });
    }

    public static IResult Json(object body) => Results.Json(body, ApiJson.Options);

    // "1.2.3+commit", as the build writes it.
    private static object VersionOf(string text)
    {
        var parts = text.Split('+', 2);
        return new { Version = parts[0], Commit = parts.Length > 1 ? parts[1] : null, RuntimeVersion = Environment.Version.ToString() };
    }
}
