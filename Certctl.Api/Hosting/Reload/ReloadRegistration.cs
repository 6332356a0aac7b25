using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Reload.Parts;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Est;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting.Reload;

/// <summary>Everything that can be reloaded, in one list, and what goes over it.</summary>
internal static class ReloadRegistration
{
    /// <param name="ca">Of all generations of the CA.</param>
    /// <param name="oidc">Null where no tokens are taken.</param>
    public static void AddReload(
        this IServiceCollection services, PreflightMaterial material, ServerCertificate certificate, LocalCaSettings ca, OidcChannel? oidc)
    {
        services.AddSingleton<ReloadAuditEvents>();
        services.AddSingleton(provider => Parts(provider, material, certificate, ca, oidc));
        services.AddSingleton<ServerReload>();
        services.AddSingleton<ReloadParts>(provider => provider.GetRequiredService<ServerReload>().ReloadAsync);
        services.AddHostedService<SignalReload>();
    }

    // Parts are read in this order: the next CA after the RA pairs in use, TLS after the mTLS bundles.
    private static IReadOnlyList<ReloadablePart> Parts(
        IServiceProvider provider, PreflightMaterial material, ServerCertificate certificate, LocalCaSettings ca, OidcChannel? oidc)
    {
        var runtimes = provider.GetRequiredService<ProfileRuntimes>();
        var profiles = provider.GetRequiredService<ScepProfileTable>();
        var est = new EstParts(
            provider.GetRequiredService<CertctlOptions>(),
            provider.GetRequiredService<EstProfileTable>(),
            provider.GetRequiredService<EstTrusts>());
        var next = new NextCaPart(
            material,
            ca,
            runtimes,
            provider.GetRequiredService<IssuerRegistry>(),
            provider.GetRequiredService<CrlPublisher>(),
            provider.GetRequiredService<TimeProvider>());
        var retired = new RetiredCaPart(
            material,
            ca,
            provider.GetRequiredService<IssuerRegistry>(),
            provider.GetRequiredService<CrlPublisher>(),
            provider.GetRequiredService<TimeProvider>());
        var secrets = new SecretParts(
            provider.GetRequiredService<CertctlOptions>().Database,
            profiles,
            provider.GetRequiredService<ConfiguredApiKeys>(),
            provider.GetRequiredService<MetricsToken>(),
            provider.GetRequiredService<OidcClientSecret>(),
            provider.GetService<DatabaseLogin>());
        return
        [
            .. new CertificateParts(material, certificate, runtimes, est).All,
            .. next.All,
            .. retired.All,
            .. new OutboundParts(provider.GetRequiredService<ComplianceServices>(), oidc, provider.GetService<OidcKeys>()).All,
            .. est.Passwords,
            .. secrets.All,
        ];
    }
}
