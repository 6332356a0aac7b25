using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>
/// A connector gets a new certificate while devices enrol: by SIGHUP, without a lost request, and a broken bundle changes nothing.
/// </summary>
public sealed class AnchorRotationTests
{
    private const int Devices = 6;
    private const string Reloaded = "Reloaded the TLS certificate";

    [Fact]
    [Trait("Conformance", "J-11")]
    public async Task A_rotated_anchor_works_after_SIGHUP_without_a_lost_request_and_a_broken_bundle_keeps_the_old_one()
    {
        using var folder = new TemporaryFolder();
        var (old, fresh) = (TestConnector.Ec(), TestConnector.Rsa());
        await File.WriteAllTextAsync(folder["connectors.pem"], old.Pem);
        await using var host = await CertctlHost.StartAsync(null, IntuneServers.Settings(folder["connectors.pem"]));
        using var load = new Load(host, old);
        await load.AdvanceAsync();

        await ReloadAsync(old.Pem + fresh.Pem, Reloaded);
        await load.AdvanceAsync();
        load.Connector = fresh;
        await load.AdvanceAsync();
        await ReloadAsync(fresh.Pem, Reloaded);
        await load.AdvanceAsync();
        (await load.TryAsync(old)).MustFail(FailureReason.IntuneSignatureInvalid);

        await ReloadAsync("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "Reload refused");
        Assert.Contains(
            "Intune trust anchors", host.Log[host.Log.LastIndexOf("Reload refused", StringComparison.Ordinal)..], StringComparison.Ordinal);
        await load.AdvanceAsync();
        await ReloadAsync(fresh.Pem, Reloaded);
        await load.AdvanceAsync();

        // Every one of them was issued, or this throws.
        await load.EndAsync();
        await host.StopAsync();
        await using var db = await host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var reloads = await db.AuditEvents.Where(audit => audit.Action == AuditAction.IntuneTrustReloaded)
            .OrderBy(audit => audit.Id).ToListAsync();
        Assert.Equal(
            [AuditOutcome.Done, AuditOutcome.Done, AuditOutcome.Refused, AuditOutcome.Done], reloads.Select(reload => reload.Outcome));
        Assert.Contains("is not a certificate", reloads[2].Detail, StringComparison.Ordinal);

        async Task ReloadAsync(string pem, string said)
        {
            var before = host.Log.Split(said).Length - 1;
            await File.WriteAllTextAsync(folder["connectors.pem"], pem);
            await host.SignalAsync("HUP");
            await host.LoggedAsync(said, before);
        }
    }

    /// <summary>Devices that enrol one after the other, each with a challenge of its own, until they are told to end.</summary>
    private sealed class Load : IDisposable
    {
        private readonly CertctlHost _host;
        private readonly ScepWire _wire;
        private readonly CancellationTokenSource _end = new(TimeSpan.FromMinutes(3));
        private readonly Task _devices;
        private readonly int[] _issued = new int[Devices];
        private int _names;

        public Load(CertctlHost host, TestConnector connector)
        {
            (_host, Connector) = (host, connector);
            _wire = host.Connect();
            _devices = Task.WhenAll(Enumerable.Range(0, Devices).Select(i => Task.Run(() => EnrolAsync(i, ScepDevice.Shared(i % 4)))));
        }

        public TestConnector Connector { get; set; }

        /// <summary>Waits until each device has enrolled three times more: the last of them began after this was called.</summary>
        public async Task AdvanceAsync()
        {
            int[] before = [.. _issued];
            for (; Enumerable.Range(0, Devices).Any(i => Volatile.Read(ref _issued[i]) < before[i] + 3); await Task.Delay(5))
            {
                if (_devices.IsCompleted)
                    await _devices;
            }
        }

        public Task<CertRepReading> TryAsync(TestConnector connector) => SendAsync(connector, ScepDevice.Shared());

        public async Task EndAsync()
        {
            await _end.CancelAsync();
            await _devices;
        }

        public void Dispose()
        {
            _end.Cancel();
            _wire.Dispose();
            _end.Dispose();
        }

        private async Task EnrolAsync(int i, ScepDevice device)
        {
            while (!_end.IsCancellationRequested)
            {
                (await SendAsync(Connector, device)).Issued(device);
                Interlocked.Increment(ref _issued[i]);
            }
        }

        private async Task<CertRepReading> SendAsync(TestConnector connector, ScepDevice device)
        {
            var name = $"rotating-{Interlocked.Increment(ref _names)}";
            return await _wire.SendAsync((await _wire.RequestAsync(device.Csr($"CN={name}", connector.For(name)), device)).Build());
        }
    }
}
