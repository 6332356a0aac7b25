using Certctl.Api.Configuration;
using Certctl.Api.Scep;
using Certctl.Application;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting;

/// <summary>Puts the house together from checked options and checked key material.</summary>
internal static class ServerHost
{
    /// <summary>GET carries whole pkiMessages in its request line; NDES and its clients go to 64 KiB.</summary>
    private const int MaxRequestLine = 64 * 1024 + 256;

    /// <summary>Each costs some tens of kilobytes before it has said anything; more than this at once is no fleet.</summary>
    private const int MaxConnections = 10_000;

    /// <summary>In HTTP/2 the request line is a header among the others.</summary>
    private const int MaxOtherHeaders = 32 * 1024;

    public static WebApplication Build(CertctlOptions options, PreflightMaterial material, Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ApplicationName = "certctl" });

        // Settings come through one place (Configuration/); nothing else may reach Kestrel by environment or file.
        builder.Configuration.Sources.Clear();
        AddLogging(builder.Logging, options.Log);

        var certificate = new ServerCertificate(material.Tls);
        var rings = material.RaPairs.ToDictionary(ra => ra.Key, ra => new RaKeyRing(ra.Value, LocalCaIssuer.ChainOf(material.Ca)));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxRequestLine;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxRequestLine + MaxOtherHeaders;

            // Endpoints that read a body keep to the configured limit themselves, so that they can still say 413.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            kestrel.Listen(material.Address, options.Server.Port, listen => listen.UseHttps(certificate.Handshake()));
        });

        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(options.Server);
        services.AddSingleton(certificate);
        services.AddSingleton<IReadOnlyDictionary<string, RaKeyRing>>(rings);
        services.AddDatabase(options.Database);
        services.AddCertctlApplication();
        services.AddSingleton(provider => Profiles(options, material, rings, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DatabasePing>();
        services.AddSingleton<SignalReload>();
        services.AddHostedService(provider => provider.GetRequiredService<SignalReload>());

        configure(services);

        var app = builder.Build();
        app.UseMiddleware<RequestFrame>();
        app.MapHealth();
        app.MapScep();
        return app;
    }

    private static ScepProfileTable Profiles(
        CertctlOptions options, PreflightMaterial material, Dictionary<string, RaKeyRing> rings, TimeProvider clock)
    {
        var ca = options.Ca;
        var settings = new LocalCaSettings(ca.IssuerId, ca.CrlUrls, ca.OcspUrl, ca.CaIssuersUrl);
        var issuer = new LocalCaIssuer(material.Ca, settings, clock);
        var next = material.Next is { } staged ? new LocalCaIssuer(staged.Ca, settings, clock) : null;
        return new ScepProfileTable(options.ScepProfiles.Select(profile => new ScepProfile
        {
            PathId = profile.PathId,
            Issuer = issuer,
            NextIssuer = next,
            CertificateProfileId = profile.CertificateProfileId,
            Challenge = profile.Challenge,
            PreviousChallenge = profile.PreviousChallenge,
            Capabilities = [.. ScepCapability.Default, .. next is null ? [] : new[] { ScepCapability.GetNextCaCert }, .. profile.ExtraCapabilities],
            LeafValidity = ca.Validity,
            RetryWindow = profile.RetryWindow,
            RenewalMayChangeName = profile.RenewalMayChangeName,
            PendingWindow = profile.PendingWindow,
            Codec = new CmsScepCodec(
                rings[profile.PathId], clock, next is null ? null : new NextCa(material.Next!.RaPairs[profile.PathId], next.Chain, issuer.Chain)),
        }));
    }

    private static void AddLogging(ILoggingBuilder logging, LogOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.Level);

        // The framework's own chatter: a request line of Kestrel's holds the whole GET message.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        logging.AddFilter("System.Net", LogLevel.Warning);

        // Its errors come again: a failed start in the verb's own words, a failed background task as critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        // Standard output belongs to what a verb prints, such as quickstart's --json.
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (options.Json)
            logging.AddJsonConsole(json => (json.UseUtcTimestamp, json.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        else
            logging.AddSimpleConsole(text => (text.UseUtcTimestamp, text.TimestampFormat, text.SingleLine) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ ", true));
    }
}
