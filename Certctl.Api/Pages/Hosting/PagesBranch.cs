using Certctl.Api.Configuration.Access;
using Certctl.Api.Pages.FirstDevice;
using Certctl.Api.Pages.Session;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.OpenApi;
using Microsoft.AspNetCore.Http.Features;

namespace Certctl.Api.Pages.Hosting;

/// <summary>
/// What serves <c>/ui</c>: a pipeline and a service provider of its own, made by the first request for a page. A server whose pages are not
/// opened pays nothing for them at its start, and devices nothing at any time (ADR 47).
/// </summary>
internal sealed class PagesBranch(IServiceProvider server, IServiceCollection registered, Func<PagesKey> key)
{
    /// <summary>Where the pages are; never ends with a slash.</summary>
    public const string Root = "/ui";

    private readonly Lazy<(IServiceProvider Services, RequestDelegate Pipeline)> _made = new(() => Make(server, registered, key()));

    public async Task InvokeAsync(HttpContext http)
    {
        var (services, pipeline) = _made.Value;
        var outer = http.Features.Get<IServiceProvidersFeature>();
        await using var scope = services.CreateAsyncScope();
        http.Features.Set<IServiceProvidersFeature>(new RequestServicesOf(scope.ServiceProvider));
        try
        {
            await pipeline(http);
        }
        finally
        {
            http.Features.Set(outer);
        }
    }

    // Never disposed of: most of its services are the server's, which the server's own provider disposes of.
    private static (IServiceProvider Services, RequestDelegate Pipeline) Make(
        IServiceProvider server, IServiceCollection registered, PagesKey key)
    {
        var services = PagesRegistration.Make(server, registered, key);
        var app = new ApplicationBuilder(services);
        app.UsePageFrame();
        if (services.GetService<RateLimits>() is { } limits)
            app.UseWhen(http => !IsAsset(http.Request.Path), branch => branch.Use(limits.ByAddressAsync));
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: false);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseEndpoints(routes =>
        {
            routes.MapStaticAssets();
            routes.MapRazorComponents<App>().WithStaticAssets()
                .AddInteractiveServerRenderMode(render =>
                {
                    // A third of a megabyte for each open page, and pages mix what devices wrote with what only operators may read (CRIME).
                    render.DisableWebSocketCompression = true;
                    render.ContentSecurityFrameAncestorsPolicy = null;
                })
                .RequireAuthorization(ApiPolicy.Auditor);
            routes.MapSession();
            if (services.GetRequiredService<ApiOptions>().Oidc?.Client is not null)
                routes.MapIssuerSignIn();
            routes.MapFiles();
            routes.MapAppleProfile();
            routes.MapReferencePage(server);
        });
        return (services, app.Build());
    }

    private static bool IsAsset(PathString path) => path.StartsWithSegments("/_content") || path.StartsWithSegments("/_framework");

    private sealed class RequestServicesOf(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices { get; set; } = services;
    }
}
