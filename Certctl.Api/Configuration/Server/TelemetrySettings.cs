using Certctl.Api.Configuration.Access;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Server;

/// <summary>Where figures and traces go.</summary>
/// <param name="ServesMetrics">Prometheus asks for them at <c>/metrics</c>.</param>
/// <param name="Token">What Prometheus must show as bearer token; null: nothing.</param>
/// <param name="OtlpEndpoint">Figures and traces are sent there (OpenTelemetry protocol over HTTP); null: nowhere.</param>
public sealed record TelemetryOptions(bool ServesMetrics, Secret? Token, Uri? OtlpEndpoint)
{
    public bool IsOn => ServesMetrics || OtlpEndpoint is not null;
}

/// <summary>Who may read the figures, and where they are sent.</summary>
internal static class TelemetrySettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> MetricsEnabled =
        Group.Add("CERTCTL_METRICS_ENABLED", SettingType.Boolean, false, "Serve figures for Prometheus at `/metrics`.");

    public static readonly SecretSetting MetricsToken = Group.AddSecret(
        "CERTCTL_METRICS_TOKEN",
        "What Prometheus must show as bearer token. Without it all who reach the server can read `/metrics`.",
        minLength: 16);

    public static readonly Setting<string> OtlpEndpoint = Group.Add(
        "CERTCTL_OTLP_ENDPOINT", SettingType.WebUrl,
        "An OpenTelemetry collector: figures and traces are sent to `…/v1/metrics` and `…/v1/traces` below it.");

    public static TelemetryOptions Read(SettingValues values, string host)
    {
        var serves = values.Read(MetricsEnabled);
        var token = values.Read(MetricsToken);
        if (token is not null && !serves)
            values.Warnings.Add($"{MetricsToken.Name} has no effect: {MetricsEnabled.Name} is not true.");
        if (serves && token is null && !ApiSettings.IsLoopback(host))
            values.Warnings.Add($"{MetricsEnabled.Name} is true without {MetricsToken.Name}: all who reach {host} can read /metrics.");
        return new TelemetryOptions(serves, token, values.Read(OtlpEndpoint) is { } endpoint ? new Uri(endpoint) : null);
    }
}
