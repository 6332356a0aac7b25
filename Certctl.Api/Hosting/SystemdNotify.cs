using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Certctl.Api.Hosting;

/// <summary>
/// Tells systemd what becomes of the service (sd_notify(3)): ready, stopping, reloading, and that it lives (WatchdogSec). Without
/// <c>NOTIFY_SOCKET</c> it does nothing.
/// </summary>
internal sealed class SystemdNotify(IHostApplicationLifetime lifetime, TimeProvider clock) : BackgroundService
{
    public const string Ready = "READY=1";

    // Half of the time is what sd_watchdog_enabled(3) advises; a third leaves room for a machine that is busy.
    private const int PingsInATime = 3;

    // Milliseconds; systemd reads at once, and what does not read must not hold the server up.
    private const int SendTimeout = 1000;

    private static readonly string? Socket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path ? path : null;

    /// <summary>Sends a state; a manager that is gone is not missed.</summary>
    public static void Notify(string state)
    {
        if (Socket is null)
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeout };
        try
        {
            // An abstract address begins with a NUL, which systemd writes as @.
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(Socket[0] == '@' ? "\0" + Socket[1..] : Socket));
        }
        catch (SocketException)
        {
            // There is no listener any more, or it does not read.
        }
    }

    /// <summary>A reload begins; <see cref="Ready"/> ends it.</summary>
    public static void NotifyReload() => Notify(string.Create(
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)}"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        lifetime.ApplicationStopping.Register(() => Notify("STOPPING=1"));
        if (Socket is null || WatchdogTime() is not { } within)
            return;
        using var timer = new PeriodicTimer(within / PingsInATime, clock);
        try
        {
            // Sent by the pool of threads that answers requests: where that stands still, so does this.
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Notify("WATCHDOG=1");
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the server.
        }
    }

    // It may be meant for the process that started this one.
    private static TimeSpan? WatchdogTime() =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds)
        && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } process || process == $"{Environment.ProcessId}")
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
}
