using Certctl.Application.Admin.Jobs;

namespace Certctl.Api.Hosting;

/// <summary>Has <see cref="JobRunner"/> look every second whether there is a job to run or to take over.</summary>
internal sealed partial class JobTimer(JobRunner runner, TimeProvider clock, ILogger<JobTimer> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var look = runner.LookAsync(stoppingToken);
            await ((Task)look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stoppingToken.ThrowIfCancellationRequested();
            if (look.IsCompletedSuccessfully)
            {
                if (await look is > 0 and var ended)
                    LogEnded(ended);
                failing = false;
                continue;
            }

            // The job goes on where it stands, here or in another process. One line for an outage.
            if (!failing)
                LogFailed(look.Exception?.InnerException);
            failing = true;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Jobs} bulk revocations have ended; the audit trail says how")]
    private partial void LogEnded(int jobs);

    [LoggerMessage(2, LogLevel.Warning, "Bulk revocations could not be looked after; they are taken up again where they stand")]
    private partial void LogFailed(Exception? fault);
}
