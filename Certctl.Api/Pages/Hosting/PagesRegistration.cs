using System.Diagnostics;
using System.Diagnostics.Metrics;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Pages.Overview;
using Certctl.Api.Pages.Session;
using Certctl.Api.Rest.Access;
using MudBlazor.Services;

namespace Certctl.Api.Pages.Hosting;

/// <summary>The services of the pages.</summary>
internal static class PagesRegistration
{
    // Of the platform, what the server and the pages share.
    private static readonly Type[] Shared =
    [
        typeof(TimeProvider), typeof(ILoggerFactory), typeof(IConfiguration), typeof(IHostApplicationLifetime), typeof(IHostEnvironment),
        typeof(IWebHostEnvironment), typeof(DiagnosticListener), typeof(DiagnosticSource), typeof(ActivitySource),
        typeof(DistributedContextPropagator), typeof(IMeterFactory),
    ];

    /// <param name="registered">What <paramref name="server"/> was made of.</param>
    public static IServiceProvider Make(IServiceProvider server, IServiceCollection registered, PagesKey key)
    {
        var services = new ServiceCollection();
        foreach (var type in registered.Where(IsShared).Select(descriptor => descriptor.ServiceType).Distinct().ToList())
            services.AddSingleton(type, _ => server.GetRequiredService(type));
        services.AddLogging();
        services.AddRouting();
        services.AddSessions(server.GetRequiredService<ApiOptions>(), key);
        services.AddRolePolicies();
        services.AddCascadingAuthenticationState();
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddMudServices();
        services.AddScoped<PageAccess>();
        services.AddSingleton<HealthReport>();
        return services.BuildServiceProvider();
    }

    // The application's interfaces and the REST API's reports and checks: pages read and send what REST does, in the same process.
    private static bool IsShared(ServiceDescriptor descriptor) =>
        descriptor is { IsKeyedService: false, Lifetime: ServiceLifetime.Singleton, ServiceType.IsGenericTypeDefinition: false }
        && (Shared.Contains(descriptor.ServiceType)
            || descriptor.ServiceType.Namespace?.StartsWith("Certctl.", StringComparison.Ordinal) == true);
}
