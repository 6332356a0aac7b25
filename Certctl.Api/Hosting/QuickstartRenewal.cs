using System.Security.Cryptography;
using Certctl.Api.Hosting.Reload;
using Certctl.Application.Admin;

namespace Certctl.Api.Hosting;

/// <summary>Looks twice a day whether a certificate of the quickstart folder is near its end, and puts the renewed one to use.</summary>
/// <param name="renew">Renews what is due; false when nothing was.</param>
internal sealed partial class QuickstartRenewal(
    Func<bool> renew, ServerReload reload, TimeProvider clock, ILogger<QuickstartRenewal> logger)
    : BackgroundService
{
    private static readonly AdminCaller Renewal = new("quickstart", "renewal");
    private static readonly TimeSpan Interval = TimeSpan.FromHours(12);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RenewAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the server, also of one whose start failed: no failure of this task.
        }
    }

    // The certificates in use stay good for weeks; where this fails, the next tick tries again.
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (renew())
                await reload.ReloadAsync(Renewal, cancellationToken);
        }
        catch (IOException unusable)
        {
            LogFailed(unusable);
        }
        catch (UnauthorizedAccessException denied)
        {
            LogFailed(denied);
        }
        catch (CryptographicException failed)
        {
            LogFailed(failed);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The quickstart certificates could not be renewed")]
    private partial void LogFailed(Exception unusable);
}
