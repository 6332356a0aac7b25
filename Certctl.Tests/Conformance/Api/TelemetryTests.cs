using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>Figures at /metrics, figures and traces at a collector.</summary>
public sealed partial class TelemetryTests : IAsyncLifetime
{
    private const string Token = "prometheus-0123456789abcdef";

    private readonly ConcurrentDictionary<string, string> _received = new();
    private WebApplication? _collector;
    private CertctlHost? _host;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        _collector = builder.Build();
        _collector.MapPost("/{**path}", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            _received.AddOrUpdate(
                http.Request.Path,
                Encoding.Latin1.GetString(body.ToArray()),
                (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));
            return Results.Bytes([], "application/x-protobuf");
        });
        await _collector.StartAsync();
        var collector = _collector.Services.GetRequiredService<IServer>().Features
            .GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        _host = await CertctlHost.StartAsync(
            null, ("CERTCTL_METRICS_ENABLED", "true"), ("CERTCTL_METRICS_TOKEN", Token), ("CERTCTL_OTLP_ENDPOINT", collector));
    }

    public async Task DisposeAsync()
    {
        await _host!.DisposeAsync();
        await _collector!.DisposeAsync();
    }

    [Fact]
    public async Task An_enrolment_and_a_refusal_are_seen_by_Prometheus_and_by_a_collector_and_no_secret_is()
    {
        using var wire = _host!.Connect();
        var device = ScepDevice.Shared();
        var request = await wire.RequestAsync(device.Csr("CN=figure", _host.Challenge), device);
        (await wire.SendAsync(request.Build())).Issued(device);
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=other figure", "a wrong challenge"), device)).Build()))
            .MustFail(FailureReason.ChallengeWrong);

        using var http = ScepWire.NewClient(_host.CaFile);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri(_host.Url, "/metrics"))).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var text = await http.GetStringAsync(new Uri(_host.Url, "/metrics"));

        Assert.Equal(1, Value(text, "certctl_enrolment_requests_total", "kind=\"pkcs_req\"", "outcome=\"issued\"", "profile=\"\""));
        Assert.Equal(
            1, Value(text, "certctl_enrolment_requests_total", "kind=\"pkcs_req\"", "outcome=\"refused\"", "reason=\"challenge_wrong\""));
        Assert.Equal(1, Value(text, "certctl_enrolment_request_duration_seconds_count", "outcome=\"issued\""));
        Assert.Equal(1, Value(text, "certctl_journal_commit_duration_seconds_count"));
        Assert.Equal(0, Value(text, "certctl_journal_waiting"));
        Assert.Equal(0, Value(text, "certctl_approvals_pending"));
        Assert.Equal(1, Value(text, "certctl_requests_refused_total", "status=\"401\"", "reason=\"unauthenticated\""));
        Assert.InRange(
            text.Split('\n').Count(line => line.StartsWith("certctl_enrolment_request_duration_seconds_bucket", StringComparison.Ordinal)),
            1,
            2 * 9);
        foreach (var kind in new[] { "tls", "ra", "ca" })
            Assert.InRange(
                Value(text, "certctl_certificate_expiry_timestamp_seconds", $"kind=\"{kind}\""),
                DateTimeOffset.UtcNow.AddDays(30).ToUnixTimeSeconds(),
                DateTimeOffset.UtcNow.AddYears(50).ToUnixTimeSeconds());

        // Stopping sends what has not been sent yet.
        await _host.StopAsync();
        var traces = _received["/v1/traces"];
        foreach (var step in new[]
        {
            "ScepMessage", "Decode", "ValidationBehavior", "ChallengeDispatchBehavior", "ReplayCacheBehavior", "RateLimitBehavior",
            "ComplianceHookBehavior", "Sign", "Journal", "challenge_wrong",
        })
            Assert.Contains(step, traces, StringComparison.Ordinal);
        Assert.Contains("certctl_enrolment_requests_total", _received["/v1/metrics"], StringComparison.Ordinal);
        Assert.DoesNotContain(_host.Challenge, string.Concat(_received.Values) + text, StringComparison.Ordinal);
        Assert.DoesNotContain("a wrong challenge", string.Concat(_received.Values) + text, StringComparison.Ordinal);
    }

    private static double Value(string text, string name, params string[] labels)
    {
        var line = Assert.Single(text.Split('\n'), line => Sample().Match(line) is { Success: true } sample
            && sample.Groups[1].Value == name && labels.All(label => sample.Groups[2].Value.Contains(label, StringComparison.Ordinal)));
        return double.Parse(Sample().Match(line).Groups[3].Value, CultureInfo.InvariantCulture);
    }

    // Prometheus' text format: name, labels, value, perhaps a time.
    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? ([0-9.eE+-]+)( [0-9]+)?$")]
    private static partial Regex Sample();
}
