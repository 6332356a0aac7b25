using System.Diagnostics.Metrics;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Hosting.Logging;
using Certctl.Api.Rest.Access;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Certctl.Api.Hosting.Telemetry;

/// <summary>Figures and traces by OpenTelemetry: asked for at <c>/metrics</c>, sent by OTLP, or neither. ADR 21.</summary>
internal static class TelemetryRegistration
{
    public const string MetricsPath = "/metrics";

    private const string Bearer = "Bearer ";

    // Seconds: a P-256 CA answers in milliseconds, one behind a stalled database in many seconds.
    private static readonly double[] Durations = [0.0025, 0.01, 0.05, 0.25, 1, 5, 10, 30];

    // The framework's own histograms have up to 14 buckets for each combination of labels; these are what alerts are made on.
    private static readonly double[] FrameworkDurations = [0.01, 0.1, 1, 10];

    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton(new MetricsToken(options.Token));
        services.AddSingleton<OwnCertificates>();
        if (!options.IsOn)
            return;
        services.AddSingleton<ExpiryGauges>();
        services.AddSingleton<ClockGauge>();
        services.AddSingleton<PendingGauge>();
        services.AddHostedService(provider => provider.GetRequiredService<PendingGauge>());
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("certctl"));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(
                EnrolmentMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");
            metrics.AddView(instrument => instrument is Histogram<double>
                ? new ExplicitBucketHistogramConfiguration
                {
                    Boundaries = instrument.Meter.Name == EnrolmentMetrics.MeterName ? Durations : FrameworkDurations,
                }
                : null);
            if (options.ServesMetrics)
                metrics.AddPrometheusExporter();
            if (options.OtlpEndpoint is { } endpoint)
                metrics.AddOtlpExporter(otlp => Send(otlp, endpoint, "v1/metrics"));
        });
        if (options.OtlpEndpoint is not { } collector)
            return;
        services.AddSingleton<IHostedService>(provider => new OtlpFailureLog(
            collector, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<OtlpFailureLog>>()));
        telemetry.WithTracing(
            tracing => tracing.AddSource(EnrolmentMetrics.MeterName).AddOtlpExporter(otlp => Send(otlp, collector, "v1/traces")));
    }

    /// <summary>Serves <c>/metrics</c> to those who show the token, where there is one.</summary>
    public static void UseMetrics(this WebApplication app, TelemetryOptions options)
    {
        if (options.IsOn)
        {
            app.Services.GetRequiredService<ExpiryGauges>();
            app.Services.GetRequiredService<ClockGauge>();
        }

        if (!options.ServesMetrics)
            return;
        app.Use(async (http, next) =>
        {
            if (http.RequestServices.GetRequiredService<MetricsToken>().Current is { } token
                && http.Request.Path == MetricsPath && !Shows(http, token))
            {
                http.Response.Headers.WWWAuthenticate = "Bearer realm=\"certctl metrics\"";
                await http.RequestServices.GetRequiredService<AccessTrail>()
                    .RefuseAsync(http, StatusCodes.Status401Unauthorized, "The token of /metrics is required.");
                return;
            }

            await next(http);
        });
        app.UseOpenTelemetryPrometheusScrapingEndpoint(http => http.Request.Path == MetricsPath && HttpMethods.IsGet(http.Request.Method));
    }

    private static bool Shows(HttpContext http, Secret token)
    {
        var header = http.Request.Headers.Authorization.ToString();
        return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && token.Matches(new Secret(header[Bearer.Length..]));
    }

    // With an endpoint set in code the exporter adds no path of its own.
    private static void Send(OtlpExporterOptions otlp, Uri endpoint, string path)
    {
        otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = new Uri($"{endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}");
    }
}
