using System.Text.RegularExpressions;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Migrations.Postgres;
using Certctl.Infrastructure.Persistence.Schema;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

/// <summary>A migration on PostgreSQL that others hold up: it waits without a bound, says for whom, and goes on.</summary>
public sealed partial class PostgresMigrationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // As PostgresSchemaSession has it.
    private const string Lock = "SELECT pg_advisory_lock(x'6365727463746c'::bigint)";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_migration_behind_a_lock_outlasts_every_time_bound_and_names_the_holder()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(
            holder, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''900ms''', current_database()); END $$");
        await ExecuteAsync(
            holder, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''800ms''', current_database()); END $$");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        await using var again = new TestDatabase(DatabaseKind.PostgreSql, database.ConnectionString + ";Command Timeout=1");
        var notices = new MigrationNotices();
        var migrating = LaterMigrations.Migrator(again).MigrateAsync(notices, default);

        // Two seconds: beyond each of the bounds above.
        var notice = await notices.SaysAsync(said => said.Waits && said.Text.EndsWith("(2 s)", StringComparison.Ordinal));
        Assert.Matches($@"\Amigration 2 of 3, {LaterMigrations.Second}: statement 1 of 3, DROP INDEX audit_events_text_idx: ", notice.Text);
        Assert.Matches(
            $"waiting for a lock of PostgreSQL session {holder.ProcessID} \\(\"reporting tool\", user [^,]+, from [^,]+, "
                + "idle in transaction, for \\d+ s\\)", notice.Text);
        Assert.DoesNotContain("SELECT count", notice.Text, StringComparison.Ordinal);
        Assert.False(migrating.IsCompleted);

        await ExecuteAsync(holder, "ROLLBACK");
        Assert.Equal(LaterMigrations.All, await migrating.WaitAsync(Patience));
        Assert.Empty(await LaterMigrations.Migrator(again).PendingAsync(null, default));
    }

    [Fact]
    public async Task A_migration_waits_for_another_process_and_takes_over_when_that_dies()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(
            DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: false) + ";Command Timeout=1");
        await using var holder = await ConnectAsync(database, "certctl elsewhere");
        await ExecuteAsync(holder, Lock);
        var notices = new MigrationNotices();
        var migrating = Migrator(database).MigrateAsync(notices, default);
        var notice = await notices.SaysAsync(said => said.Waits && said.Text.EndsWith("(2 s)", StringComparison.Ordinal));
        Assert.StartsWith(
            $"waiting for another process that migrates this database: PostgreSQL session {holder.ProcessID} (\"certctl elsewhere\"",
            notice.Text,
            StringComparison.Ordinal);
        Assert.False(migrating.IsCompleted);

        await using var killer = await ConnectAsync(database, "killer");
        await ExecuteAsync(killer, $"SELECT pg_terminate_backend({holder.ProcessID})");
        Assert.NotEmpty(await migrating.WaitAsync(Patience));
        Assert.Contains(
            notices.Said, said => !said.Waits && said.Text.StartsWith("the other migration has ended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_with_nothing_to_apply_waits_for_no_other()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await using var holder = await ConnectAsync(database, "certctl elsewhere");
        await ExecuteAsync(holder, Lock);
        Assert.Empty(await database.Migrator.MigrateAsync(default).WaitAsync(Patience));
    }

    [Fact]
    public async Task Reading_what_is_pending_is_not_held_up_by_a_migration_that_runs()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        var notices = new MigrationNotices();
        var migrating = LaterMigrations.Migrator(database).MigrateAsync(notices, default);
        await notices.SaysAsync(said => said.Waits);

        var pending = await LaterMigrations.Migrator(database).PendingAsync(null, default).WaitAsync(Patience);
        Assert.Equal([LaterMigrations.Second, LaterMigrations.Third], pending);
        Assert.False(migrating.IsCompleted);
        await ExecuteAsync(holder, "ROLLBACK");
        await migrating.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_migration_that_is_told_to_stop_leaves_the_lock_free_and_the_finished_ones_applied()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        using var stop = new CancellationTokenSource();
        var notices = new MigrationNotices();
        var migrating = LaterMigrations.Migrator(database).MigrateAsync(notices, stop.Token);
        await notices.SaysAsync(said => said.Waits);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => migrating.WaitAsync(Patience));

        var left = await LaterMigrations.Migrator(database).PendingAsync(null, default);
        Assert.Equal([LaterMigrations.Second, LaterMigrations.Third], left);
        await ExecuteAsync(holder, "ROLLBACK");
        Assert.Equal(left, await LaterMigrations.Migrator(database).MigrateAsync(null, default).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_migration_whose_session_dies_says_how_far_it_is_and_the_next_run_builds_no_finished_index_again()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: true));
        await using var killer = await ConnectAsync(database, "killer");

        // Little memory and long texts make the index of their trigrams slow, with few rows.
        await ExecuteAsync(
            killer, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET maintenance_work_mem = ''1MB''', current_database()); END $$");
        await ExecuteAsync(killer, MigrateVerbTests.InsertEvents(40000));
        var notices = new MigrationNotices();
        var migrating = LaterMigrations.Migrator(database).MigrateAsync(notices, default);
        await notices.SaysAsync(said => !said.Waits && Building().IsMatch(said.Text));
        await ExecuteAsync(
            killer, "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE datname = current_database()");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => migrating.WaitAsync(Patience));
        const string Failed = $"migration 2 of 3, {LaterMigrations.Second} failed at CREATE INDEX";
        Assert.Contains(notices.Said, said => said.Text.StartsWith(Failed, StringComparison.Ordinal));

        const string Made =
            "SELECT concat_ws(',', 'later_first_idx'::regclass::oid, to_regclass('later_third_idx'), to_regclass('audit_events_text_idx'))";
        var left = await ScalarAsync(killer, Made);
        Assert.Matches(@"\A\d+,audit_events_text_idx\z", left);
        var applied = await LaterMigrations.Migrator(database).MigrateAsync(null, default).WaitAsync(Patience);
        Assert.Equal([LaterMigrations.Second, LaterMigrations.Third], applied);
        Assert.Equal(left.Split(',')[0], (await ScalarAsync(killer, Made)).Split(',')[0]);
        Assert.Equal("0", await ScalarAsync(killer, "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid"));
    }

    [GeneratedRegex(@"\Amigration 2 of 3, \d+_LaterSecond: statement 2 of 3, "
        + @"CREATE INDEX audit_events_text_idx ON audit_events USING gin: building index, \d+ % \(\d+ s\)\z")]
    private static partial Regex Building();

    private static PostgresMigrator Migrator(TestDatabase database) => new(
        MigrationScript.Known<PostgresCertctlDbContextModelSnapshot>(),
        database.Get<NpgsqlDataSource>(),
        database.Get<IDbContextFactory<CertctlDbContext>>(),
        database.Clock,
        MigrationNotices.Eager);

    private static async Task<NpgsqlConnection> ConnectAsync(TestDatabase database, string application)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                ApplicationName = application,
                Pooling = false,
            }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)TimeSpan.FromMinutes(5).TotalSeconds };
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return Assert.IsType<string>(await command.ExecuteScalarAsync());
    }
}
