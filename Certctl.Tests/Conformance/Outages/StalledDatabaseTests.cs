using System.Diagnostics;
using System.Net;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>
/// A database that hangs is worse than one that is gone: nothing says so.
/// The server says it in the database's place, within a bounded time.
/// </summary>
public sealed class StalledDatabaseTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    [Fact]
    [Trait("Conformance", "S-F7")]
    public async Task A_database_that_hangs_is_503_in_bounded_time_no_password_is_logged_and_afterwards_all_is_well()
    {
        if (!postgres.IsAvailable)
            return;
        var direct = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        await using var gate = new TcpGate(direct.Host!, direct.Port);
        await using var host = await CertctlHost.StartAsync(
            new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Port = gate.Port }.ConnectionString,
            ("CERTCTL_LOG_LEVEL", "debug"));
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();
        var (device, message) = LoadDevice.Request(ra, host.Challenge, "patient");
        var enrolled = device.With((await wire.SendAsync(LoadDevice.Request(ra, host.Challenge, "patient").Message)).Issued(device));
        var renewal = (await wire.RequestAsync(enrolled.Csr("CN=patient", challenge: null), enrolled)).Build();
        var fresh = LoadDevice.Request(ra, host.Challenge, "meanwhile");

        gate.Stall();
        var watch = Stopwatch.StartNew();
        using (var unready = await wire.Http.GetAsync(new Uri(host.Url, "/ready")))
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, """{"status":"db_unavailable"}"""),
                (unready.StatusCode, await unready.Content.ReadAsStringAsync()));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal("""{"status":"healthy"}""", await wire.Http.GetStringAsync(new Uri(host.Url, "/health")));
        var answers = await Task.WhenAll(
            new[] { fresh.Message, renewal, message }.Select(async m => (await wire.PostAsync(m), watch.Elapsed)));
        foreach (var (answer, after) in answers)
        {
            output.WriteLine($"{answer.StatusCode} after {after}");
            Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(11));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(30), answer.Headers.RetryAfter?.Delta);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
            answer.Dispose();
        }

        gate.Flow();
        var ready = await wire.ReadyAsync();
        (await wire.SendAsync(fresh.Message)).Issued(fresh.Device);
        (await wire.SendAsync(renewal)).Issued(enrolled);
        Assert.StartsWith("""{"status":"ready","db":"reachable",""", ready, StringComparison.Ordinal);
        Assert.Equal(3, await new RowCounter(postgres.ConnectionString, "").CountAsync("SELECT COUNT(*) FROM certificates"));
        Assert.DoesNotContain(direct.Password!, host.Log, StringComparison.Ordinal);
    }
}
