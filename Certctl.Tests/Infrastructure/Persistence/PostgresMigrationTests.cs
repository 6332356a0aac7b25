using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>A migration on PostgreSQL that others hold up: it waits without a bound, says for whom, and goes on.</summary>
public sealed class PostgresMigrationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // As PostgresSchemaSession has it.
    private const string Lock = "SELECT pg_advisory_lock(x'6365727463746c'::bigint)";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_migration_behind_a_lock_outlasts_every_time_bound_and_names_the_holder()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: false));
        await MigrateToAsync(database, "CertificateLists");
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(holder, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''900ms''', current_database()); END $$");
        await ExecuteAsync(holder, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''800ms''', current_database()); END $$");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        await using var again = new TestDatabase(DatabaseKind.PostgreSql, database.ConnectionString + ";Command Timeout=1");
        var notices = new MigrationNotices();
        var migrating = Migrator(again).MigrateAsync(notices, default);

        // Two seconds: beyond each of the bounds above.
        var notice = await notices.SaysAsync(said => said.Waits && said.Text.EndsWith("(2 s)", StringComparison.Ordinal));
        Assert.Matches(@"\Amigration 1 of \d+, \d+_FastLists: statement \d+ of \d+, DROP INDEX", notice.Text);
        Assert.Matches($"waiting for a lock of PostgreSQL session {holder.ProcessID} \\(\"reporting tool\", user [^,]+, from [^,]+, idle in transaction, for \\d+ s\\)", notice.Text);
        Assert.DoesNotContain("SELECT count", notice.Text, StringComparison.Ordinal);
        Assert.False(migrating.IsCompleted);

        await ExecuteAsync(holder, "ROLLBACK");
        Assert.Contains(await migrating.WaitAsync(Patience), id => id.EndsWith("_FastLists", StringComparison.Ordinal));
        Assert.Empty(await again.Migrator.PendingAsync(default));
    }

    [Fact]
    public async Task A_migration_waits_for_another_process_and_takes_over_when_that_dies()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: false) + ";Command Timeout=1");
        await using var holder = await ConnectAsync(database, "certctl elsewhere");
        await ExecuteAsync(holder, Lock);
        var notices = new MigrationNotices();
        var migrating = Migrator(database).MigrateAsync(notices, default);
        var notice = await notices.SaysAsync(said => said.Waits && said.Text.EndsWith("(2 s)", StringComparison.Ordinal));
        Assert.StartsWith($"waiting for another process that migrates this database: PostgreSQL session {holder.ProcessID} (\"certctl elsewhere\"", notice.Text, StringComparison.Ordinal);
        Assert.False(migrating.IsCompleted);

        await using var killer = await ConnectAsync(database, "killer");
        await ExecuteAsync(killer, $"SELECT pg_terminate_backend({holder.ProcessID})");
        Assert.NotEmpty(await migrating.WaitAsync(Patience));
        Assert.Contains(notices.Said, said => !said.Waits && said.Text.StartsWith("the other migration has ended", StringComparison.Ordinal));
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
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: false));
        await MigrateToAsync(database, "CertificateLists");
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        var notices = new MigrationNotices();
        var migrating = Migrator(database).MigrateAsync(notices, default);
        await notices.SaysAsync(said => said.Waits);

        Assert.Contains(await database.Migrator.PendingAsync(default).WaitAsync(Patience), id => id.EndsWith("_FastLists", StringComparison.Ordinal));
        Assert.False(migrating.IsCompleted);
        await ExecuteAsync(holder, "ROLLBACK");
        await migrating.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_migration_that_is_told_to_stop_leaves_the_lock_free_and_the_finished_ones_applied()
    {
        if (!postgres.IsAvailable)
            return;
        await using var database = new TestDatabase(DatabaseKind.PostgreSql, await postgres.CreateDatabaseAsync(migrated: false));
        await MigrateToAsync(database, "SignedChallenges");
        await using var holder = await ConnectAsync(database, "reporting tool");
        await ExecuteAsync(holder, "BEGIN; SELECT count(*) FROM audit_events");
        using var stop = new CancellationTokenSource();
        var notices = new MigrationNotices();
        var migrating = Migrator(database).MigrateAsync(notices, stop.Token);
        await notices.SaysAsync(said => said.Waits);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => migrating.WaitAsync(Patience));

        var left = await database.Migrator.PendingAsync(default);
        Assert.EndsWith("_FastLists", left[0], StringComparison.Ordinal);
        await ExecuteAsync(holder, "ROLLBACK");
        Assert.Equal(left, await database.Migrator.MigrateAsync(default).WaitAsync(Patience));
    }

    internal static async Task MigrateToAsync(TestDatabase database, string name)
    {
        await using var db = database.Open();
        var id = db.Database.GetMigrations().Single(known => known.EndsWith($"_{name}", StringComparison.Ordinal));
        await db.GetService<IMigrator>().MigrateAsync(id);
    }

    private static PostgresMigrator Migrator(TestDatabase database) =>
        new(database.Get<NpgsqlDataSource>(), database.Get<IDbContextFactory<CertctlDbContext>>(), database.Clock, MigrationNotices.Eager);

    private static async Task<NpgsqlConnection> ConnectAsync(TestDatabase database, string application)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = application, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
