using Certctl.Api.Configuration.Access;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Endpoints.Protocols;
using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Microsoft.IdentityModel.Protocols;

namespace Certctl.Api.Rest;

/// <summary>The REST API at <c>/api/v1</c>: every route asks for a role, except the few that say that they do not.</summary>
internal static class AdminApi
{
    public const string Root = "/api";

    public static void MapAdminApi(this WebApplication app)
    {
        var api = app.MapGroup($"{Root}/v1").RequireAuthorization(ApiPolicy.Auditor);
        api.AddEndpointFilter(EndpointContract.CheckQueryAsync);
        api.MapMeta();
        api.MapApiKeys();
        api.MapReload();
        api.MapScepAdmin();
        api.MapEstAdmin();
        api.MapApprovals();
        api.MapAudit();
        api.MapCertificates();
        api.MapJobs();
        api.MapProfiles();
        api.MapIssuers();
        api.MapEnrolments();
        api.MapScepProbes();
    }

    /// <param name="issuer">Reaches the issuer of tokens; null where none are taken.</param>
    public static IServiceCollection AddAdminApi(this IServiceCollection services, ApiOptions options, IDocumentRetriever? issuer)
    {
        services.AddSingleton(options);
        services.AddSingleton(new ConfiguredApiKeys(options.Keys));
        services.AddSingleton<ApiKeyCheck>();
        services.AddSingleton<AccessTrail>();
        services.AddSingleton<ExportSlots>();
        services.AddSingleton<ScepProfileReport>();
        services.AddSingleton<EstProfileReport>();
        services.AddSingleton(new OidcClientSecret(options.Oidc?.Client?.Secret));
        services.AddApiAuthorization(options.Oidc, issuer);
        services.AddApiReference();
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        if (options.RateLimits is { } limits)
            services.AddSingleton(_ => new RateLimits(limits));
        if (options.CorsOrigins.Count > 0)
        {
            services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. options.CorsOrigins])
                .WithMethods("GET", "HEAD", "POST", "PUT", "DELETE")
                .WithHeaders("Authorization", "Content-Type", "If-Match")
                .WithExposedHeaders("ETag", "Location", "Retry-After", "X-Request-ID", "Content-Disposition")));
        }

        return services;
    }

    /// <summary>Runs before authentication: CORS and the rate limit by address.</summary>
    public static void UseApiAccess(this WebApplication app, ApiOptions options)
    {
        // First, so that a page can read its refusals too.
        if (options.CorsOrigins.Count > 0)
            app.UseWhen(http => IsApi(http.Request.Path), branch => branch.UseCors());
        if (options.RateLimits is not null)
            app.UseWhen(
                http => IsApi(http.Request.Path) || http.Request.Path == TelemetryRegistration.MetricsPath,
                branch => branch.Use(app.Services.GetRequiredService<RateLimits>().ByAddressAsync));
    }

    /// <summary>And after it.</summary>
    public static void UseApiActors(this WebApplication app, ApiOptions options)
    {
        if (options.RateLimits is not null)
            app.UseWhen(http => IsApi(http.Request.Path), branch => branch.Use(app.Services.GetRequiredService<RateLimits>().ByActorAsync));
    }

    /// <summary>What routing refuses gets the body of a problem, too: <see cref="ProblemWriter"/>.</summary>
    public static void UseApiProblems(this WebApplication app) =>
        app.UseWhen(http => http.Request.Path.StartsWithSegments(Root), branch => branch.UseStatusCodePages());

    private static bool IsApi(PathString path) => path.StartsWithSegments(Root) || path.StartsWithSegments(ApiReference.Root);
}
