using System.Net;
using System.Net.Sockets;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>Migrations of PostgreSQL by the executable: killed, stopped, and by several servers that start at once.</summary>
public sealed class MigrateVerbTests(OperatorFolder folder, PostgresFixture postgres)
    : IClassFixture<OperatorFolder>, IClassFixture<PostgresFixture>
{
    private const string Lock = "SELECT pg_advisory_lock(x'6365727463746c'::bigint)";

    [Fact]
    public async Task Migrate_that_is_killed_while_it_builds_an_index_is_finished_by_the_next_run()
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: false);
        await using var source = NpgsqlDataSource.Create(connection);

        // Little memory and long texts make the index of their trigrams slow, with few rows.
        await ExecuteAsync(
            source, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET maintenance_work_mem = ''1MB''', current_database()); END $$");
        await ExecuteAsync(source, FillOnceMade(InsertEvents(40000)));
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = PostgresFixture.UrlOf(connection) };
        await using (var killed = RunningVerb.Start(settings, "migrate"))
        {
            await UntilAsync(
                source, "SELECT count(*) = 1 FROM pg_stat_progress_create_index WHERE datname = current_database() AND blocks_total > 100");
            await killed.SignalAsync("KILL");
            Assert.NotEqual(0, await killed.EndsAsync());
        }

        // The server ends by itself what the killed process left running, and takes back all of the migration that was not finished.
        await UntilAsync(
            source, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'certctl'");
        Assert.Equal(0L, await ScalarAsync(source, "SELECT count(*) FROM \"__EFMigrationsHistory\""));
        Assert.Equal(DBNull.Value, await ScalarAsync(source, "SELECT to_regclass('audit_events')::text"));

        await using var resumed = RunningVerb.Start(settings, "migrate");
        Assert.True(await resumed.EndsAsync() == 0, resumed.Printed);
        Assert.Matches(@"Applied \d+_Initial", resumed.Printed);
        Assert.Equal(0L, await ScalarAsync(source, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
        Assert.Equal(40000L, await ScalarAsync(source, "SELECT count(*) FROM audit_events"));
    }

    [Fact]
    public async Task Servers_that_start_at_once_wait_for_the_one_that_migrates_and_then_serve()
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: false);
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "certctl elsewhere" }.ConnectionString);
        var settings = folder.Settings(("CERTCTL_DATABASE_URL", PostgresFixture.UrlOf(connection)), ("CERTCTL_LOG_FORMAT", "text"));
        RunningVerb[] servers = [];
        try
        {
            await using (var held = await source.OpenConnectionAsync())
            {
                await using var locking = new NpgsqlCommand(Lock, held);
                await locking.ExecuteNonQueryAsync();
                servers = [.. Enumerable.Range(0, 3).Select(_ => RunningVerb.Start(settings, "serve"))];
                foreach (var server in servers)
                    await server.PrintsAsync("waiting for another process that migrates this database: "
                        + $"PostgreSQL session {held.ProcessID} (\"certctl elsewhere\"");
                Assert.All(servers, server => Assert.DoesNotContain("certctl serves https://", server.Printed, StringComparison.Ordinal));
                await using var unlocking = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", held);
                await unlocking.ExecuteNonQueryAsync();
            }

            foreach (var server in servers)
                await server.PrintsAsync("certctl serves https://");
            Assert.Single(servers, server => server.Printed.Contains("Database: applied ", StringComparison.Ordinal));
            foreach (var server in servers)
            {
                await server.SignalAsync("TERM");
                Assert.Equal(0, await server.EndsAsync());
            }
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("migrate", "certctl migrate: stopped; migrations that were finished stay")]
    [InlineData("serve", "told to stop; migrations that were finished stay")]
    public async Task A_verb_that_waits_for_a_migration_stops_when_told(string verb, string said)
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: false);
        await using var source = NpgsqlDataSource.Create(connection);
        await using var held = await source.OpenConnectionAsync();
        await using var locking = new NpgsqlCommand(Lock, held);
        await locking.ExecuteNonQueryAsync();
        await using var running = RunningVerb.Start(folder.Settings(("CERTCTL_DATABASE_URL", PostgresFixture.UrlOf(connection))), verb);
        await running.PrintsAsync("waiting for another process that migrates this database: PostgreSQL session");
        await running.SignalAsync("TERM");
        Assert.NotEqual(0, await running.EndsAsync());
        Assert.Contains(said, running.Printed, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", running.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_behind_a_lock_says_that_it_waits_and_ends_well()
    {
        if (!postgres.IsAvailable)
            return;
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var holder = await source.OpenConnectionAsync();
        await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE certificate_profiles IN ACCESS EXCLUSIVE MODE", holder);
        await locking.ExecuteNonQueryAsync();
        await using var running = RunningVerb.Start(
            new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = postgres.Url }, "profiles", "list");
        await running.PrintsAsync("certctl profiles: still waiting for the database");
        await using var ending = new NpgsqlCommand("ROLLBACK", holder);
        await ending.ExecuteNonQueryAsync();
        Assert.True(await running.EndsAsync() == 0, running.Printed);
        Assert.Contains("default ", running.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_before_the_database_is_asked()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var run = await CommandLine.RunAsync(
            folder.Settings(
                ("CERTCTL_SERVER_PORT", $"{port}"), ("CERTCTL_DATABASE_URL", "postgres://operator:hunter2hunter2@127.0.0.1:1/certctl")),
            ["serve"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"127.0.0.1:{port} cannot be bound", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("database", run.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Quickstart_on_a_file_that_is_no_database_names_the_file_and_no_setting()
    {
        var data = QuickstartWithoutDatabase("no-database");
        await File.WriteAllTextAsync(Path.Combine(data, "certctl.db"), new string('x', 8192));
        var run = await CommandLine.RunAsync(new Dictionary<string, string>(), ["quickstart", "--data", data, "--port", "0"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{Path.Combine(data, "certctl.db")} is no SQLite database", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("CERTCTL_DATABASE_URL", run.All, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("migrate")]
    [InlineData("doctor")]
    [InlineData("profiles list")]
    public async Task A_database_of_an_earlier_build_is_refused_with_what_to_do(string verb)
    {
        var path = folder.Path($"earlier-{verb.Split(' ')[0]}.db");
        await MakeEarlierAsync(folder.Host.DatabaseFile, path);
        var settings = folder.Settings(("CERTCTL_DATABASE_URL", $"sqlite://{path}"));
        var run = verb == "serve"
            ? await CommandLine.RunAsync(settings, [verb])
            : await CommandLine.RunHereAsync(settings, verb.Split(' '));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Earlier(path), run.All, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quickstart_on_a_database_of_an_earlier_build_names_the_file_and_no_setting()
    {
        var data = QuickstartWithoutDatabase("earlier");
        await MakeEarlierAsync(folder.Host.DatabaseFile, Path.Combine(data, "certctl.db"));
        var run = await CommandLine.RunAsync(new Dictionary<string, string>(), ["quickstart", "--data", data, "--port", "0"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Earlier(Path.Combine(data, "certctl.db")), run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("CERTCTL_DATABASE_URL", run.All, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    private string QuickstartWithoutDatabase(string name)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var data = Directory.CreateDirectory(folder.Path(name), Private).FullName;
        foreach (var made in Directory.GetFiles(folder.Host.Data))
        {
            if (!Path.GetFileName(made).StartsWith("certctl.db", StringComparison.Ordinal))
                File.Copy(made, Path.Combine(data, Path.GetFileName(made)));
        }

        return data;
    }

    private static string Earlier(string path) =>
        "The database cannot be used: an earlier build made its schema: "
        + "__EFMigrationsHistory holds 20261125210801_Initial, which this build does not know. "
        + $"No migration leads from it to this version: move {path} to another place, with its -wal and -shm files, and a new one is made. "
        + "What you still need from it, export first with the build that made it.";

    private static async Task MakeEarlierAsync(string from, string path)
    {
        await using (var source = new SqliteConnection($"Data Source={from};Pooling=False"))
        {
            await source.OpenAsync();
            await using var copy = source.CreateCommand();
            copy.CommandText = $"VACUUM INTO '{path}'";
            await copy.ExecuteNonQueryAsync();
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var made = new SqliteConnection($"Data Source={path};Pooling=False");
        await made.OpenAsync();
        await using var rename = made.CreateCommand();
        rename.CommandText = """
            DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" NOT LIKE '%_Initial';
            UPDATE "__EFMigrationsHistory" SET "MigrationId" = '20261125210801_Initial'
            """;
        Assert.True(await rename.ExecuteNonQueryAsync() > 0);
    }

    /// <summary>Refused requests with texts of which no two are alike.</summary>
    internal static string InsertEvents(int count) => $"""
        INSERT INTO audit_events
            (id, timestamp, actor, actor_type, action, outcome, resource_type, resource_id, subject, detail, sans, count)
        SELECT gen_random_uuid(), now(), 'scep-client', 'System', 'scep_pkcsreq', 'Refused', 'certificate', '',
            'CN=' || md5(n::text) || md5((n + 1)::text), md5((n * 7)::text) || md5((n * 11)::text), '[]', 1
        FROM generate_series(1, {count}) n
        """;

    /// <summary>
    /// Fills the table of the audit as soon as a migration has made it, before its indexes: the initial migration has nothing to index
    /// otherwise, and ends too soon to be killed in its middle. It takes a superuser.
    /// </summary>
    internal static string FillOnceMade(string insert) => $"""
        CREATE FUNCTION fill_once_made() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.audit_events') THEN
                {insert};
            END IF;
        END
        $$;
        CREATE EVENT TRIGGER fill_once_made ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION fill_once_made();
        """;

    private static async Task UntilAsync(NpgsqlDataSource source, string condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await ScalarAsync(source, condition) is not true)
            await Task.Delay(20, patience.Token);
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
