using System.Diagnostics;
using Certctl.Api.Hosting.Logging;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Logging;

/// <summary>The real exporter and a collector that stops and comes back.</summary>
public sealed class OtlpFailureLogTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly LogLines<OtlpFailureLog> _log = new();
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task A_collector_that_stops_is_one_line_and_one_when_it_is_back()
    {
        var collector = await CollectorAsync(port: 0);
        var url = new Uri(
            collector.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using var listener = new OtlpFailureLog(url, _clock, _log);
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddOtlpExporter(otlp =>
        {
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            otlp.Endpoint = new Uri(url, "/v1/traces");
            otlp.ExportProcessorType = ExportProcessorType.Simple;
        }).Build();

        Export(source, 2);
        Assert.Empty(_log.Lines);

        await collector.DisposeAsync();
        Export(source, 3);
        await CountAsync(1);
        Assert.StartsWith(
            $"Warning: The OTLP collector {url} does not take figures or traces", _log.Lines.Single(), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Export(source, 3);
        await CountAsync(2);

        await using var back = await CollectorAsync(url.Port);
        Export(source, 3);
        await CountAsync(3);
        Assert.StartsWith(
            $"Information: The OTLP collector {url} takes figures and traces again", _log.Lines.Last(), StringComparison.Ordinal);
    }

    // Each span is exported on this thread before it ends.
    private static void Export(ActivitySource source, int spans)
    {
        for (var i = 0; i < spans; i++)
            source.StartActivity("span")!.Dispose();
    }

    private async Task CountAsync(int lines)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (_log.Lines.Count < lines)
            await Task.Delay(10, bound.Token);
        Assert.Equal(lines, _log.Lines.Count);
    }

    private static async Task<WebApplication> CollectorAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = $"http://127.0.0.1:{port}";
        var collector = builder.Build();
        collector.MapPost("/v1/traces", () => Results.Bytes([], "application/x-protobuf"));
        await collector.StartAsync();
        return collector;
    }
}
