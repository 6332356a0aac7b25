namespace Certctl.Api.Hosting.Logging;

/// <summary>One line when the server begins to stop and one when it has stopped, so that a log that merely ends tells of a kill.</summary>
internal sealed partial class LifetimeLog(IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<LifetimeLog> logger)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(LogStopping);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        lifetime.ApplicationStopped.Register(() => LogStopped(clock.GetElapsedTime(since).TotalMilliseconds));
        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "Stopping: no new connections are accepted, requests under way are finished first")]
    private partial void LogStopping();

    [LoggerMessage(2, LogLevel.Information, "Stopped")]
    private partial void LogStopped(double durationMs);
}
