using Certctl.Application.Admin;

namespace Certctl.Api.Hosting.Reload;

/// <summary>Reloads the server at each SIGHUP.</summary>
internal sealed class SignalReload(ServerReload reload) : BackgroundService
{
    private static readonly AdminCaller Signal = new(ReservedNames.Signal, "signal");

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        HangupSignal.Listen();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in HangupSignal.ReadAllAsync(stoppingToken))
            {
                SystemdNotify.NotifyReload();
                await reload.ReloadAsync(Signal, stoppingToken);
                SystemdNotify.Notify(SystemdNotify.Ready);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the server.
        }
    }
}
