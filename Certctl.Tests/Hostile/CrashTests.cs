using System.Collections.Concurrent;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Hostile;

public sealed class SqliteCrashTests(ITestOutputHelper output) : CrashTests(null, output);

public sealed class PostgresCrashTests(PostgresFixture postgres, ITestOutputHelper output)
    : CrashTests(postgres, output), IClassFixture<PostgresFixture>;

/// <summary>
/// No answer is sent before it is durable: not with two hundred devices at once, and not when the process is killed at any moment.
/// </summary>
public abstract class CrashTests(PostgresFixture? postgres, ITestOutputHelper output)
{
    private const int Crowd = 200;
    private const int Rounds = 5;

    [Fact]
    [Trait("Conformance", "P-2")]
    [Trait("Conformance", "Z-11")]
    public async Task Two_hundred_at_once_get_two_hundred_certificates_and_the_same_ones_when_they_ask_again()
    {
        if (postgres is { IsAvailable: false })
            return;
        var database = postgres is null ? null : await postgres.CreateDatabaseAsync(migrated: true);
        await using var server = await CertctlHost.StartAsync(database);
        var rows = new RowCounter(database, server.DatabaseFile);
        using var wire = server.Connect();
        var ra = await wire.RecipientAsync();
        var requests = Enumerable.Range(0, Crowd).AsParallel().Select(i => LoadDevice.Request(ra, server.Challenge, $"crowd-{i}")).ToList();

        var first = await Task.WhenAll(requests.Select(async r => (await wire.SendAsync(r.Message)).Issued(r.Device).SerialNumber));
        Assert.Equal(Crowd, first.Distinct().Count());
        await MustCountAsync(rows, Crowd);

        var second = await Task.WhenAll(requests.Select(async r => (await wire.SendAsync(r.Message)).Issued(r.Device).SerialNumber));
        Assert.Equal(first, second);
        await MustCountAsync(rows, Crowd);
    }

    [Fact]
    [Trait("Conformance", "Z-9")]
    [Trait("Conformance", "P-26")]
    public async Task Killed_at_any_moment_it_forgets_no_certificate_that_a_device_holds()
    {
        if (postgres is { IsAvailable: false })
            return;
        var database = postgres is null ? null : await postgres.CreateDatabaseAsync(migrated: true);
        await using var server = await CertctlHost.StartAsync(database);
        var rows = new RowCounter(database, server.DatabaseFile);
        var held = new ConcurrentDictionary<string, string>();
        var requests = new ConcurrentDictionary<string, (ScepDevice Device, byte[] Message)>();
        var random = new Random(20261125);
        for (var round = 0; round < Rounds; round++)
        {
            await LoadUntilKilledAsync(server, round, random.Next(200, 1000), held, requests);
            await server.StartAgainAsync();
        }

        Assert.NotEmpty(held);
        output.WriteLine($"{held.Count} certificates held after {Rounds} kills, {requests.Count} requests sent");
        Assert.Subset(await rows.SerialsAsync(), held.Values.ToHashSet());

        // A device that lost its reply asks again; one that got a reply gets the same.
        using var wire = server.Connect();
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (request, _) =>
        {
            var (name, (device, message)) = request;
            var serial = (await wire.SendAsync(message)).Issued(device).SerialNumber.ToLowerInvariant().PadLeft(40, '0');
            Assert.Equal(held.GetOrAdd(name, serial), serial);
        });

        await MustCountAsync(rows, requests.Count);
    }

    private static async Task LoadUntilKilledAsync(
        CertctlHost server,
        int round,
        int milliseconds,
        ConcurrentDictionary<string, string> held,
        ConcurrentDictionary<string, (ScepDevice Device, byte[] Message)> requests)
    {
        using var wire = server.Connect();
        var ra = await wire.RecipientAsync();
        using var killed = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 6).Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < 400 && !killed.IsCancellationRequested; i++)
            {
                var name = $"round-{round}-{client}-{i}";
                var request = requests.GetOrAdd(name, LoadDevice.Request(ra, server.Challenge, name));
                try
                {
                    held[name] = (await wire.SendAsync(request.Message))
                        .Issued(request.Device).SerialNumber.ToLowerInvariant().PadLeft(40, '0');
                }
                catch (HttpRequestException)
                {
                    // The server is gone; the certificate may or may not have been written.
                    return;
                }
            }
        })).ToList();

        // Every other round begins with a reply: on a busy machine a process that has just started may be killed before its first one.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (var before = held.Count; round % 2 == 1 && held.Count == before;)
            await Task.Delay(20, patience.Token);
        await Task.Delay(milliseconds);
        await server.KillAsync();
        await killed.CancelAsync();
        await Task.WhenAll(clients);
    }

    private static async Task MustCountAsync(RowCounter rows, int expected)
    {
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(*) FROM certificates"));
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(*) FROM enrolments"));
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(DISTINCT serial_number) FROM certificates"));
        Assert.Equal(
            expected,
            await rows.CountAsync("SELECT COUNT(*) FROM audit_events WHERE action = 'scep_pkcsreq' AND serial_number IS NOT NULL"));
    }
}
