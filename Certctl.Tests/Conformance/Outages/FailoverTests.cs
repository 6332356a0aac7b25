using System.Diagnostics;
using System.Net;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Hostile;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>A server that is demoted, replaced or made read-only under the sessions of the pool.</summary>
public sealed class FailoverTests(PostgresPair pair, ITestOutputHelper output) : IClassFixture<PostgresPair>
{
    // The promise is 5 s after the promotion, on a machine that is five times slower.
    private static readonly TimeSpan Resumption = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task Enrolments_resume_after_a_failover_and_ready_tells_the_truth_throughout()
    {
        if (!pair.IsAvailable)
            return;
        var database = await pair.CreateDatabaseAsync();
        await using var host = await CertctlHost.StartAsync(
            pair.Primary.ConnectionString(database), ("CERTCTL_DATABASE_URL", pair.Url(database)));
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();
        await EnrolAsync(wire, ra, host.Challenge, "before");
        Assert.StartsWith("""{"status":"ready","db":"reachable",""", await wire.ReadyAsync(), StringComparison.Ordinal);
        await CaughtUpAsync(database);

        // Nothing is writable: the standby reads and cannot write.
        pair.Primary.Stop();
        await UntilAsync(() => StatusAsync(host, wire), status => status == HttpStatusCode.ServiceUnavailable);
        using (var refused = await wire.PostAsync(LoadDevice.Request(ra, host.Challenge, "between").Message))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);

        var watch = Stopwatch.StartNew();
        pair.Standby.Promote();
        var promoted = watch.Elapsed;
        var (device, message) = LoadDevice.Request(ra, host.Challenge, "after");
        await UntilAsync(() => PostAsync(wire, message), status => status == HttpStatusCode.OK);
        var resumed = watch.Elapsed;
        output.WriteLine(
            $"enrolled {resumed.TotalSeconds:0.00} s after the promotion was begun, "
            + $"{(resumed - promoted).TotalSeconds:0.00} s after pg_ctl told of its end");
        Assert.InRange(resumed - promoted, TimeSpan.Zero, Resumption);
        await UntilAsync(() => StatusAsync(host, wire), status => status == HttpStatusCode.OK);

        // The old primary comes back at its old address, the first of the URL, as a standby.
        pair.Primary.Follow(pair.Standby);
        pair.Swap();
        for (var i = 0; i < 5; i++)
            await EnrolAsync(wire, ra, host.Challenge, $"again-{i}");
        await wire.ReadyAsync();
        (await wire.SendAsync(message)).Issued(device);
        Assert.Equal(7, await new RowCounter(pair.Primary.ConnectionString(database), "").CountAsync("SELECT COUNT(*) FROM certificates"));
    }

    [Fact]
    public async Task A_session_that_lives_and_has_become_read_only_is_discarded_and_costs_no_enrolment()
    {
        if (!pair.IsAvailable)
            return;
        var database = await pair.CreateDatabaseAsync();
        await using var host = await CertctlHost.StartAsync(pair.Primary.ConnectionString(database));
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();
        await EnrolAsync(wire, ra, host.Challenge, "before");

        // The sessions at hand become read-only; a new one to this database can write.
        await pair.Primary.ExecuteAsync("postgres", $"ALTER DATABASE {database} SET default_transaction_read_only = off");
        await ReadOnlyAsync("= on");
        try
        {
            await EnrolAsync(wire, ra, host.Challenge, "after");
            (await wire.SendAsync(LoadDevice.Request(ra, "not the challenge", "forged").Message)).MustFail("2");
            await wire.ReadyAsync();

            // No session can write: enrolments and readiness say so, and reading goes on.
            await pair.Primary.ExecuteAsync(
                "postgres", $"BEGIN READ WRITE; ALTER DATABASE {database} RESET default_transaction_read_only; COMMIT");
            await TerminateAsync(database);

            // The first question may still meet a session that was ended, and its answer is repeated for a second.
            await UntilAsync(
                async () =>
                {
                    using var ready = await wire.Http.GetAsync(new Uri(host.Url, "/ready"));
                    return (ready.StatusCode, await ready.Content.ReadAsStringAsync());
                },
                said => said == (HttpStatusCode.ServiceUnavailable, """{"status":"db_read_only"}"""));
            Assert.Equal(
                HttpStatusCode.ServiceUnavailable, await PostAsync(wire, LoadDevice.Request(ra, host.Challenge, "refused").Message));
        }
        finally
        {
            await pair.Primary.ExecuteAsync("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
            await pair.Primary.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        }

        await UntilAsync(
            () => PostAsync(wire, LoadDevice.Request(ra, host.Challenge, "last").Message), status => status == HttpStatusCode.OK);
        await UntilAsync(() => StatusAsync(host, wire), status => status == HttpStatusCode.OK);
    }

    private static async Task EnrolAsync(
        ScepWire wire, System.Security.Cryptography.X509Certificates.X509Certificate2 ra, string challenge, string name)
    {
        var (device, message) = LoadDevice.Request(ra, challenge, name);
        (await wire.SendAsync(message)).Issued(device);
    }

    private static async Task<HttpStatusCode> StatusAsync(CertctlHost host, ScepWire wire)
    {
        using var ready = await wire.Http.GetAsync(new Uri(host.Url, "/ready"));
        return ready.StatusCode;
    }

    private static async Task<HttpStatusCode> PostAsync(ScepWire wire, byte[] message)
    {
        using var answer = await wire.PostAsync(message);
        return answer.StatusCode;
    }

    private static async Task UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> enough)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!enough(await ask()))
            await Task.Delay(50, patience.Token);
    }

    /// <summary>
    /// Streaming replication is asynchronous: what the standby has not yet received is lost with the primary, which is not the question
    /// here.
    /// </summary>
    private async Task CaughtUpAsync(string database)
    {
        var standby = new RowCounter(pair.Standby.ConnectionString(database), "");
        await UntilAsync(() => standby.CountAsync("SELECT COUNT(*) FROM certificates"), count => count == 1);
    }

    private async Task ReadOnlyAsync(string how)
    {
        await pair.Primary.ExecuteAsync("postgres", $"ALTER SYSTEM SET default_transaction_read_only {how}");
        await pair.Primary.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        var other = new RowCounter(pair.Primary.ConnectionString("postgres"), "");
        await UntilAsync(
            () => other.CountAsync("SELECT COUNT(*) FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'on'"),
            count => count == 1);
    }

    private async Task TerminateAsync(string database)
    {
        await using var connection = new NpgsqlConnection(pair.Primary.ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var terminate = new NpgsqlCommand(
            $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'", connection);
        Assert.True((long)(await terminate.ExecuteScalarAsync())! > 0);
    }
}
