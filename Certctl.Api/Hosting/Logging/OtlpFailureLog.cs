using System.Diagnostics.Tracing;
using System.Globalization;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// The OTLP exporter tells its failures by an event source alone (<c>OpenTelemetry-Exporter-OpenTelemetryProtocol</c>). They become a warning in the log, one a
/// minute at most.
/// </summary>
internal sealed partial class OtlpFailureLog : EventListener, IHostedService
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const int MaxDetail = 300;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ILogger<OtlpFailureLog> _logger;
    private readonly TimeProvider _clock;
    private readonly Uri _collector;
    private readonly Lock _lock = new();
    private long? _logged;

    public OtlpFailureLog(Uri collector, TimeProvider clock, ILogger<OtlpFailureLog> logger)
    {
        (_collector, _clock, _logger) = (collector, clock, logger);

        // The base class has reported the sources that exist before these fields were set.
        foreach (var source in EventSource.GetSources())
            Enable(source);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override void OnEventSourceCreated(EventSource eventSource) => Enable(eventSource);

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (_logger is null || eventData.EventSource.Name != Source)
            return;
        lock (_lock)
        {
            if (_logged is { } last && _clock.GetElapsedTime(last) < Interval)
                return;
            _logged = _clock.GetTimestamp();
        }

        LogFailed(_collector.GetLeftPart(UriPartial.Path), Detail(eventData));
    }

    private void Enable(EventSource source)
    {
        if (source.Name == Source)
            EnableEvents(source, EventLevel.Warning);
    }

    private static string Detail(EventWrittenEventArgs failure)
    {
        var text = failure.Message is { } format && failure.Payload is { } values
            ? string.Format(CultureInfo.InvariantCulture, format, [.. values])
            : failure.EventName ?? "";
        var line = text.AsSpan()[..(text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : text.Length)];
        return line.Length > MaxDetail ? $"{line[..MaxDetail]}…" : line.ToString();
    }

    [LoggerMessage(1, LogLevel.Warning, "The OTLP collector {Collector} does not take figures or traces; what it missed is dropped: {Detail}")]
    private partial void LogFailed(string collector, string detail);
}
