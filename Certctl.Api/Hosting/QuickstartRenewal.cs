namespace Certctl.Api.Hosting;

/// <summary>Looks twice a day whether a certificate of the quickstart folder is near its end, and puts the renewed one to use.</summary>
internal sealed partial class QuickstartRenewal(Func<Infrastructure.Provisioning.QuickstartMaterial> ensure, SignalReload reload, TimeProvider clock, ILogger<QuickstartRenewal> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(12);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (ensure().Created.Count > 0)
                    reload.Reload();
            }
            catch (IOException unusable)
            {
                // The certificates in use stay good for weeks; the next tick tries again.
                LogFailed(unusable);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The quickstart certificates could not be renewed")]
    private partial void LogFailed(Exception unusable);
}
