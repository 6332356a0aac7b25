using System.Data.Common;
using Certctl.Infrastructure.Persistence.Journal;

namespace Certctl.Api.Hosting;

/// <summary>
/// Sweeps what the journal need not keep any longer, every minute, a small batch at a time with a pause between;
/// every process does, and none minds another.
/// </summary>
internal sealed partial class SweepTimer(IClaimSweep sweep, TimeProvider clock, ILogger<SweepTimer> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await SweepAsync(stoppingToken);
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var swept = 0;
            while (await sweep.SweepAsync(cancellationToken) is > 0 and var rows)
            {
                swept += rows;
                await Task.Delay(Pause, clock, cancellationToken);
            }

            if (swept > 0)
                LogSwept(swept);
        }
        catch (DbException outage)
        {
            // Nothing depends on it today; the next minute tries again.
            LogFailed(outage);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "Swept {Rows} rows of expired challenges and budgets")]
    private partial void LogSwept(int rows);

    [LoggerMessage(2, LogLevel.Warning, "Expired challenges and budgets could not be swept")]
    private partial void LogFailed(DbException outage);
}
