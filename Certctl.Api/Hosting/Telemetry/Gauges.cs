using System.Data.Common;
using System.Diagnostics.Metrics;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Api.Hosting.Telemetry;

/// <summary>
/// When the certificates that the server depends on end: TLS, RA, CA, connectors, as they are in use at the moment of the question.
/// </summary>
internal sealed class ExpiryGauges : IDisposable
{
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);

    public ExpiryGauges(OwnCertificates certificates) =>
        _meter.CreateObservableGauge(
            "certctl_certificate_expiry_timestamp_seconds", () => certificates.All().Select(Measure), "s",
            "notAfter as Unix time, by kind (tls, ra, ca, next_ca, intune_anchor), SCEP profile and subject.");

    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Measure(OwnCertificate certificate) => new(
        certificate.NotAfter.ToUnixTimeSeconds(),
        new KeyValuePair<string, object?>("kind", certificate.Kind),
        new KeyValuePair<string, object?>("profile", certificate.PathId),
        new KeyValuePair<string, object?>("subject", certificate.Subject));
}

/// <summary>How far the clock of this process is from the database's; <see cref="PendingGauge"/> has it measured again and again.</summary>
internal sealed class ClockGauge : IDisposable
{
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);

    public ClockGauge(DatabaseClock clock) => _meter.CreateObservableGauge(
        "certctl_clock_difference_seconds",
        () => clock.Difference is { } difference ? new[] { new Measurement<double>(difference.TotalSeconds) } : [],
        "s",
        "How far this process's clock is ahead of the database's, behind it below zero; absent on SQLite.");

    public void Dispose() => _meter.Dispose();
}

/// <summary>
/// Number of requests waiting for approval. Counted in the database every few seconds, so that a scrape never waits for the database.
/// </summary>
internal sealed partial class PendingGauge : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly IApprovalRepository _approvals;
    private readonly TimeProvider _clock;
    private readonly ILogger<PendingGauge> _logger;

    // Negative: never counted, or the database is away.
    private long _pending = -1;

    public PendingGauge(IApprovalRepository approvals, TimeProvider clock, ILogger<PendingGauge> logger)
    {
        (_approvals, _clock, _logger) = (approvals, clock, logger);
        _meter.CreateObservableGauge(
            "certctl_approvals_pending", Read, "{request}", "Requests waiting for approval; absent while the database is away.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _clock);
        do
            await CountAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private IEnumerable<Measurement<long>> Read() => Interlocked.Read(ref _pending) is >= 0 and var pending ? [new(pending)] : [];

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            Interlocked.Exchange(ref _pending, await _approvals.CountWaitingAsync(cancellationToken));
        }
        catch (DbException outage)
        {
            Interlocked.Exchange(ref _pending, -1);
            LogFailed(outage);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The requests that wait could not be counted")]
    private partial void LogFailed(DbException outage);
}
