using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>Where figures and traces go.</summary>
/// <param name="ServesMetrics">Prometheus asks for them at <c>/metrics</c>.</param>
/// <param name="Token">What Prometheus must show as bearer token; null: nothing.</param>
/// <param name="OtlpEndpoint">Figures and traces are sent there (OpenTelemetry protocol over HTTP); null: nowhere.</param>
public sealed record TelemetryOptions(bool ServesMetrics, Secret? Token, Uri? OtlpEndpoint)
{
    public bool IsOn => ServesMetrics || OtlpEndpoint is not null;
}

/// <summary>CERTCTL_METRICS_… and CERTCTL_OTLP_ENDPOINT.</summary>
internal static class TelemetryReader
{
    private const string Enabled = "CERTCTL_METRICS_ENABLED";
    private const string TokenName = "CERTCTL_METRICS_TOKEN";
    private const string Otlp = "CERTCTL_OTLP_ENDPOINT";
    private const int LeastToken = 16;

    public static TelemetryOptions Read(SettingValues values, string host)
    {
        var serves = values.Boolean(Enabled, false);
        var token = values.SecretText(TokenName);
        if (token is { Length: < LeastToken })
            values.Problems.Add($"{TokenName} has fewer than {LeastToken} characters; make one with: openssl rand -hex 32");
        if (token is not null && !serves)
            values.Warnings.Add($"{TokenName} has no effect: {Enabled} is not true.");
        if (serves && token is null && !ApiKeysReader.IsLoopback(host))
            values.Warnings.Add($"{Enabled} is true without {TokenName}: all who reach {host} can read /metrics.");
        var endpoint = values.WebUrl(Otlp, values.Text(Otlp));
        return new TelemetryOptions(serves, token is null ? null : new Secret(token), endpoint is null ? null : new Uri(endpoint));
    }
}
