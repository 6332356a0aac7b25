using Certctl.Application.Publication.Ocsp;

namespace Certctl.Api.Hosting;

/// <summary>
/// Has the OCSP responders made soon after the start, which they must not make longer, and renewed before their end, also where no question
/// comes.
/// </summary>
internal sealed class ResponderTimer(ResponderKeys keys, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = First; ; wait = Period)
        {
            await Task.Delay(wait, clock, stoppingToken);
            await keys.PrepareAsync(stoppingToken);
        }
    }
}
