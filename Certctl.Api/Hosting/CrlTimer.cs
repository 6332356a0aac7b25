using Certctl.Application.Publication;

namespace Certctl.Api.Hosting;

/// <summary>
/// Has <see cref="CrlPublisher"/> look every second whether there is a CRL to take over or to make. The first look comes a second after
/// the start, which it must not make longer.
/// </summary>
internal sealed partial class CrlTimer(CrlPublisher publisher, CrlMetrics metrics, TimeProvider clock, ILogger<CrlTimer> logger)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var look = publisher.LookAsync(stoppingToken);
            await ((Task)look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stoppingToken.ThrowIfCancellationRequested();
            if (look.IsCompletedSuccessfully)
            {
                foreach (var crl in await look)
                {
                    LogPublished(crl.Number, crl.Entries, crl.NextUpdate);
                    if (crl.LastOf is { } retired)
                        LogLast(crl.Number, retired, crl.NextUpdate);
                }

                failing = false;
                continue;
            }

            // What is held is served meanwhile. One line for an outage.
            metrics.Failed();
            if (!failing)
                LogFailed(look.Exception?.InnerException);
            failing = true;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Published CRL {Number} with {Entries} entries, until {NextUpdate:O}")]
    private partial void LogPublished(long number, int entries, DateTimeOffset nextUpdate);

    [LoggerMessage(3, LogLevel.Information,
        "CRL {Number} is the last one of the retired CA {Issuer}: all its certificates have ended. It can be "
        + "taken out of the settings after {NextUpdate:O}")]
    private partial void LogLast(long number, string issuer, DateTimeOffset nextUpdate);

    [LoggerMessage(2, LogLevel.Warning, "The CRLs could not be looked after; those that were published last are served meanwhile")]
    private partial void LogFailed(Exception? fault);
}
