using System.Net;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Est;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Logging;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Pages.Hosting;
using Certctl.Api.Publication;
using Certctl.Api.Rest;
using Certctl.Api.Rest.OpenApi;
using Certctl.Api.Scep;
using Certctl.Application;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Application.Issuers;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Compliance;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Infrastructure.Persistence;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Certctl.Api.Hosting;

/// <summary>Composition root: builds the web application from checked options and checked key material.</summary>
internal static class ServerHost
{
    /// <param name="source">How the settings are read again at a reload.</param>
    public static WebApplication Build(
        CertctlOptions options, PreflightMaterial material, ConfigurationSource source, Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = [],
            ApplicationName = "certctl",
            WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
        });

        // Settings come through one place (Configuration/); nothing else may reach Kestrel by environment or file.
        builder.Configuration.Sources.Clear();
        builder.Logging.AddLogOutput(options.Log);

        var certificate = new ServerCertificate(material.Tls, material.AllClientCas);
        var oidc = options.Api.Oidc is null ? null : new OidcChannel(material.OidcRoots);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // RFC 9112 §3.2.2: the host of an absolute-form target replaces what Host says.
            kestrel.AllowHostHeaderOverride = true;
            kestrel.Limits.MaxRequestLineSize = HttpLimits.RequestLine;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = HttpLimits.RequestLine;
            kestrel.Limits.MaxRequestHeadersTotalSize = HttpLimits.Headers;
            kestrel.Limits.MaxRequestHeaderCount = HttpLimits.HeaderCount;

            // Endpoints that read a body keep to the configured limit themselves, so that they can still say 413.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = HttpLimits.Connections;
            kestrel.Limits.RequestHeadersTimeout = HttpLimits.HeadersWithin;
            kestrel.Limits.KeepAliveTimeout = HttpLimits.KeepAlive;
            Listen(kestrel, material.Address, options, certificate);
        });

        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(options.Server);
        services.AddSingleton(source);
        services.AddSingleton(certificate);
        services.AddSingleton(provider =>
            new ComplianceServices(options, material, provider.GetRequiredService<ILogger<HttpComplianceHook>>()));
        services.AddSingleton(provider => new ProfileRuntimes(options, material, provider.GetRequiredService<ComplianceServices>()));
        services.AddRequestFrame();
        services.AddDatabase(options.Database);
        services.AddSingleton<ICsrReader, StoredCsrReader>();
        services.AddCertctlApplication();
        services.AddScepProbes(options.Api.Probes);
        services.AddAdminApi(options.Api, oidc);
        if (oidc is not null)
            services.AddSingleton(oidc);
        services.AddTelemetry(options.Telemetry);
        services.AddSingleton(provider => Issuers(options.Ca, material, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => Profiles(
            options,
            provider.GetRequiredService<ProfileRuntimes>(),
            provider.GetRequiredService<IssuerRegistry>(),
            provider.GetRequiredService<IntuneCounters>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new OperationGate(
            options.Server.MaxInFlight,
            provider.GetRequiredService<RefusedRequests>(),
            provider.GetRequiredService<ILogger<OperationGate>>()));
        services.AddSingleton(provider => new ScepServices(
            provider.GetRequiredService<ScepResponder>(), provider.GetRequiredService<OperationGate>(), options.Server.MaxBodySize));
        services.AddSingleton<ClientCertificatePort>();
        services.AddEst(options, material);
        services.AddSingleton<RefusedRequests>();
        services.AddHostedService<LifetimeLog>();
        services.AddHostedService<SystemdNotify>();
        services.AddHostedService<SweepTimer>();
        services.AddReload(material, certificate, SettingsOf(options.Ca, material), oidc);
        services.AddPublication(options, material);

        configure(services);

        var app = builder.Build();
        app.UseRequestFrame(options.Database.Deadline);
        app.UseTrustedProxies(options.Proxies);
        app.UsePublicationPort();
        app.UseHttpManners();
        if (options.Server.MtlsPort is not null)
            app.UseClientCertificatePort();
        if (options.ServesPages)
            app.UsePages(services, () => PagesKey.Of(material.Ca.Key));
        app.UseApiAccess(options.Api);
        app.UseMetrics(options.Telemetry);
        app.UseRouting();
        app.UseApiProblems();
        app.UseAllowHead();
        app.UseAuthentication();
        app.UseApiActors(options.Api);
        app.UseAuthorization();
        app.MapHealth();
        app.MapAdminApi();
        app.MapApiReference();
        app.MapScep();
        app.MapScepMtls();
        app.MapEst();
        app.MapPublication();
        return app;
    }

    // A client certificate is asked for only where a profile wants one, and on the port of its own if there is one.
    private static void Listen(KestrelServerOptions kestrel, IPAddress address, CertctlOptions options, ServerCertificate certificate)
    {
        var asks = options.WantsClientCertificates;
        var ownPort = options.Server.MtlsPort;
        Listen(options.Server.Port, listen => listen.UseHttps(
            asks && ownPort is null ? certificate.HandshakeThatAsks() : certificate.Handshake()));
        if (asks && ownPort is { } port)
            Listen(port, listen => listen.UseHttps(certificate.HandshakeThatAsks()));
        if (options.Publication.Port is { } plain)
            Listen(plain, listen => listen.UsePublicationOnly(options.Publication.ConnectionsPerAddress));

        void Listen(int number, Action<ListenOptions> serve) => kestrel.Listen(address, number, listen =>
        {
            listen.UseProxyProtocol(options.Proxies);
            serve(listen);
        });
    }

    internal static LocalCaSettings SettingsOf(CaOptions ca, PreflightMaterial material) =>
        new(ca.IssuerId, ca.CrlUrls, ca.OcspUrl, ca.CaIssuersUrl)
        {
            PublicationUrl = material.PublicationUrl,
            PublishesDeltas = material.PublishesDeltas,
        };

    private static IssuerRegistry Issuers(CaOptions ca, PreflightMaterial material, TimeProvider clock) => new(new IssuerGenerations(
        new LocalCaIssuer(material.Ca, SettingsOf(ca, material), clock),
        material.Next is { } staged ? new LocalCaIssuer(staged.Ca, SettingsOf(ca, material), clock) : null,
        [.. material.Retired.Select(retired => new RetiredLocalCa(retired.Ca, retired.HasKey, SettingsOf(ca, material), clock))]));

    private static ScepProfileTable Profiles(
        CertctlOptions options, ProfileRuntimes runtimes, IssuerRegistry issuers, IntuneCounters counters, TimeProvider clock) =>
        new(options.ScepProfiles.Select(profile => new ScepProfile
        {
            Policy = Policy(options, profile, runtimes[profile.PathId], issuers, counters),
            Capabilities =
            [
                .. profile.CryptoPolicy.Capabilities(),
                .. issuers.Default.Next is null ? [] : new[] { ScepCapability.GetNextCaCert },
                .. profile.ExtraCapabilities.Except(profile.CryptoPolicy.Capabilities()),
            ],
            AllowRawCsr = profile.AllowRawCsr,
            Codec = new CmsScepCodec(
                runtimes[profile.PathId].Keys,
                clock,
                profile.CryptoPolicy,
                runtimes[profile.PathId].Next,
                profile.ReplyChain),
            ClientTrust = runtimes[profile.PathId].ClientTrust,
        }));

    private static EnrolmentPolicy Policy(
        CertctlOptions options, ScepProfileOptions profile, ProfileRuntime runtime, IssuerRegistry issuers, IntuneCounters counters) =>
        new()
        {
            PathId = profile.PathId,
            CertificateProfileId = profile.CertificateProfileId,
            Issuers = issuers.Default,
            Challenges = ConfiguredChallenges.Of(profile, runtime.Anchors, counters),
            Limits = new EnrolmentLimits(options.Ca.Validity) { RenewalMayChangeName = profile.RenewalMayChangeName },
            Windows = new EnrolmentWindows { Retry = profile.RetryWindow, Pending = profile.PendingWindow },
            TakesCertificatesOf = EstRegistration.AuthenticatesAt(profile.PathId, options.EstProfiles) ? [EstProtocol.Name] : [],
            Compliance = runtime.Compliance,
        };
}
