using System.Diagnostics.Tracing;
using System.Globalization;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// The OTLP exporter tells its failures by an event source alone (<c>OpenTelemetry-Exporter-OpenTelemetryProtocol</c>). They become a
/// warning in the log, one a minute at most, and a line when everything is taken again.
/// </summary>
internal sealed partial class OtlpFailureLog : EventListener, IHostedService
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const string Success = "ExportSuccess";
    private const int MaxDetail = 300;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ILogger<OtlpFailureLog> _logger;
    private readonly TimeProvider _clock;
    private readonly Uri _collector;
    private readonly Lock _lock = new();

    // The URLs, of figures and of traces, whose last export failed.
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);
    private long? _logged;
    private bool _isSaidToFail;

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
        var isSuccess = eventData.EventName == Success;
        if (!isSuccess && eventData.Level > EventLevel.Warning)
            return;
        var url = eventData.Payload is [{ } first, ..] ? $"{first}" : "";
        lock (_lock)
        {
            if (!(isSuccess ? EndsFailure(url) : BeginsFailure(url)))
                return;
        }

        var collector = _collector.GetLeftPart(UriPartial.Path);
        if (isSuccess)
            LogTaken(collector);
        else
            LogFailed(collector, Detail(eventData));
    }

    private bool BeginsFailure(string url)
    {
        _failing.Add(url);
        if (_logged is { } last && _clock.GetElapsedTime(last) < Interval)
            return false;
        _logged = _clock.GetTimestamp();
        return _isSaidToFail = true;
    }

    private bool EndsFailure(string url)
    {
        if (!_failing.Remove(url) || _failing.Count > 0 || !_isSaidToFail)
            return false;
        _isSaidToFail = false;
        return true;
    }

    private void Enable(EventSource source)
    {
        // Successes are informational.
        if (source.Name == Source)
            EnableEvents(source, EventLevel.Informational);
    }

    private static string Detail(EventWrittenEventArgs failure)
    {
        var text = failure.Message is { } format && failure.Payload is { } values
            ? string.Format(CultureInfo.InvariantCulture, format, [.. values])
            : failure.EventName ?? "";
        var line = text.AsSpan()[..(text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : text.Length)];
        return line.Length > MaxDetail ? $"{line[..MaxDetail]}…" : line.ToString();
    }

    [LoggerMessage(
        1, LogLevel.Warning, "The OTLP collector {Collector} does not take figures or traces; what it missed is dropped: {Detail}")]
    private partial void LogFailed(string collector, string detail);

    [LoggerMessage(2, LogLevel.Information, "The OTLP collector {Collector} takes figures and traces again")]
    private partial void LogTaken(string collector);
}
