using System.Globalization;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures.Databases;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>
/// Migrations of the size that the gate has no time for, by the executable: <c>CERTCTL_TEST_MIGRATION=5000000,120</c> waits so many seconds
/// behind a lock of another session, and builds the indexes of so many events, killed once in the middle.
/// </summary>
public sealed class MigrationDrill(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    [Fact]
    [Trait("Category", "Measure")]
    public async Task A_migration_of_millions_is_killed_resumed_and_ends_and_one_behind_a_lock_waits()
    {
        if (Environment.GetEnvironmentVariable("CERTCTL_TEST_MIGRATION") is not { Length: > 0 } sizes || !postgres.IsAvailable)
            return;
        var (events, seconds) = (sizes.Split(',')[0], int.Parse(sizes.Split(',')[1], CultureInfo.InvariantCulture));
        var connection = await postgres.CreateDatabaseAsync(migrated: false);
        await using var source = NpgsqlDataSource.Create(connection + ";Command Timeout=0");
        await ExecuteAsync(source, MigrateVerbTests.FillOnceMade($"""
            INSERT INTO audit_events (id, timestamp, actor, actor_type, action, outcome, reason, detail, resource_type,
                resource_id, path_id, profile_id, transaction_id, subject, sans, device_name, count)
            SELECT gen_random_uuid(), now() - n * interval '6 seconds', 'scep-client', 'System', 'scep_pkcsreq', 'Refused',
                'challenge_wrong',
                'not that of this path (' || n % 65536 || ')', 'certificate', '',
            'corp', 'default', md5(n::text), 'CN=sales-laptop-' || n || ',OU=Sales,O=Example', '[]', 'sales-laptop-' || n, 1
            FROM generate_series(1, {events}) n
            """));
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = PostgresFixture.UrlOf(connection) };

        await using (var holder = await source.OpenConnectionAsync())
        {
            await using var creating = new NpgsqlCommand("BEGIN; CREATE EXTENSION pg_trgm", holder);
            await creating.ExecuteNonQueryAsync();
            await using var waiting = RunningVerb.Start(settings, "migrate");
            await TimedAsync($"behind a lock for {seconds} s", () => Task.Delay(TimeSpan.FromSeconds(seconds)));
            Assert.Contains("waiting for a lock of PostgreSQL session", waiting.Printed, StringComparison.Ordinal);
            output.WriteLine(waiting.Printed);
            await using var ending = new NpgsqlCommand("ROLLBACK", holder);
            await ending.ExecuteNonQueryAsync();
            const string HalfDone = """
                SELECT count(*) = 1 FROM pg_stat_progress_create_index
                WHERE datname = current_database() AND blocks_total > 100 AND blocks_done > blocks_total / 2
                """;
            await TimedAsync("filling, and half of an index", () => UntilAsync(source, HalfDone));
            await waiting.SignalAsync("KILL");
        }

        await TimedAsync("the server ends what the killed run left", () => UntilAsync(
            source, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'certctl' AND datname = current_database()"));
        await using var resumed = RunningVerb.Start(settings, "migrate");
        await TimedAsync("migrate to its end", async () => Assert.Equal(0, await resumed.EndsAsync(Patience)));
        output.WriteLine(resumed.Printed);
    }

    private async Task TimedAsync(string what, Func<Task> act)
    {
        var started = TimeProvider.System.GetTimestamp();
        await act();
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{what}: {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s"));
    }

    private static async Task UntilAsync(NpgsqlDataSource source, string condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await ScalarAsync(source, condition) is not true)
            await Task.Delay(50, patience.Token);
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
