using System.Net.Sockets;
using System.Text;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>What systemd is told (sd_notify(3)), read from a socket as systemd has one.</summary>
public sealed class SystemdNotifyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_told_of_the_start_of_life_of_a_reload_and_of_the_end(bool isAbstract)
    {
        using var folder = new TemporaryFolder();
        var name = isAbstract ? $"@certctl-test-{Guid.NewGuid():N}" : folder["notify"];
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        await using var host = await CertctlHost.StartAsync(null, ("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", "600000"));
        await UntilAsync(state => state == "READY=1");
        await UntilAsync(state => state == "WATCHDOG=1");
        await UntilAsync(state => state == "WATCHDOG=1");

        await host.SignalAsync("HUP");
        var reloading = await UntilAsync(state => state.StartsWith("RELOADING=1\nMONOTONIC_USEC=", StringComparison.Ordinal));
        var uptime = double.Parse((await File.ReadAllTextAsync("/proc/uptime")).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        var said = long.Parse(reloading.Split('=')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(said / 1e6, uptime - 240, uptime + 1);
        await UntilAsync(state => state == "READY=1");
        var stopping = host.StopAsync();
        await UntilAsync(state => state == "STOPPING=1");
        await stopping;

        async Task<string> UntilAsync(Func<string, bool> isIt)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            var buffer = new byte[4096];
            while (true)
            {
                var state = Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, patience.Token));
                if (isIt(state))
                    return state;
            }
        }
    }
}
