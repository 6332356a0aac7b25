using System.Reflection;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>Who asks, how one authenticates, which version answers.</summary>
internal static class MetaEndpoints
{
    private static readonly string Version =
        typeof(MetaEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void MapMeta(this IEndpointRouteBuilder api)
    {
        api.MapGet("/auth/info", (ApiOptions options) => Json(
            new AuthInfo(options.RequiresKey ? "api-key" : "none", options.RequiresKey, options.Oidc?.Authority.AbsoluteUri)))
            .AllowAnonymous()
            .Produces<AuthInfo>().WithSummary("How to come in");
        api.MapGet("/version", () => Json(VersionOf(Version))).AllowAnonymous()
            .Produces<VersionInfo>().WithSummary("Which version answers");
        api.MapGet("/auth/check", (HttpContext http) =>
        {
            var role = ApiPolicy.RoleOf(http.User);
            return Json(new AuthCheck("authenticated", ApiPolicy.ActorOf(http), role == ApiRole.Admin, role));
        }).Produces<AuthCheck>().WithSummary("Who one is");
    }

    public static IResult Json<T>(T body) => Results.Json(body, ApiJson.Options);

    // "1.2.3+commit", as the build writes it.
    private static VersionInfo VersionOf(string text)
    {
        var parts = text.Split('+', 2);
        return new VersionInfo(parts[0], parts.Length > 1 ? parts[1] : null, Environment.Version.ToString());
    }
}

/// <param name="AuthType"><c>api-key</c>, or <c>none</c> on loopback.</param>
/// <param name="OidcAuthority">The OpenID Connect issuer whose tokens are taken too; null: none.</param>
internal sealed record AuthInfo(string AuthType, bool Required, string? OidcAuthority);

/// <param name="Status">Always <c>authenticated</c>.</param>
/// <param name="User">As the audit trail names the actor.</param>
internal sealed record AuthCheck(string Status, string User, bool Admin, ApiRole Role);

/// <param name="Commit">Null where the build did not know it.</param>
internal sealed record VersionInfo(string Version, string? Commit, string RuntimeVersion);
