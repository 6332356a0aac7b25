using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Migrations.Sqlite;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

/// <summary>A migration of a SQLite file beside other processes.</summary>
public sealed class SqliteMigrationTests(SqliteDatabases databases) : IClassFixture<SqliteDatabases>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_migration_waits_for_the_lock_file_of_another_process_and_says_so()
    {
        await using var database = await CreateAsync();
        var path = Path(database) + ".migrate-lock";
        var notices = new MigrationNotices();
        Task<IReadOnlyList<string>> migrating;
        await using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            migrating = Migrator(database).MigrateAsync(notices, default);
            var notice = await notices.SaysAsync(said => said.Waits);
            Assert.StartsWith(
                $"waiting for another certctl process that migrates this database; fuser {path} names it (",
                notice.Text,
                StringComparison.Ordinal);
            Assert.False(migrating.IsCompleted);
        }

        Assert.NotEmpty(await migrating.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_migration_waits_for_another_writer_and_stops_when_told()
    {
        await using var database = await CreateAsync();
        await using var writer = new SqliteConnection(
            new SqliteConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
        await writer.OpenAsync();
        await ExecuteAsync(writer, "PRAGMA journal_mode = WAL");
        await ExecuteAsync(writer, "BEGIN IMMEDIATE");
        using (var stop = new CancellationTokenSource())
        {
            var stopped = new MigrationNotices();
            var stopping = Migrator(database).MigrateAsync(stopped, stop.Token);
            await stopped.SaysAsync(said => said.Waits);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopping.WaitAsync(Patience));
        }

        var notices = new MigrationNotices();
        var migrating = Migrator(database).MigrateAsync(notices, default);
        var notice = await notices.SaysAsync(said => said.Waits);
        Assert.Contains(
            $"waiting for another process that writes to the database; fuser {Path(database)} names it (",
            notice.Text,
            StringComparison.Ordinal);
        await ExecuteAsync(writer, "ROLLBACK");
        Assert.NotEmpty(await migrating.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_table_that_is_built_anew_keeps_its_rows_and_is_part_of_one_transaction()
    {
        await using var database = await CreateAsync();
        await database.Migrator.MigrateAsync(default);
        await using (var db = LaterMigrations.Contexts(database).CreateDbContext())
        {
            var script = MigrationScript.Of(db, LaterMigrations.Second);
            Assert.Contains(script, statement => statement.OutsideTransaction);
            Assert.Contains(script, statement => statement.Sql.Contains("DROP TABLE \"certificate_profiles\"", StringComparison.Ordinal));
        }

        var before = Assert.Single(await database.Profiles.ListAsync(default));
        Assert.Equal(LaterMigrations.All, await LaterMigrations.Migrator(database).MigrateAsync(null, default));
        Assert.Equivalent(before, Assert.Single(await database.Profiles.ListAsync(default)));
    }

    private static SqliteMigrator Migrator(TestDatabase database) => new(
        MigrationScript.Known<SqliteCertctlDbContextModelSnapshot>(),
        database.ConnectionString,
        database.Get<IDbContextFactory<CertctlDbContext>>(),
        database.Clock,
        MigrationNotices.Eager);

    private static string Path(TestDatabase database) => new SqliteConnectionStringBuilder(database.ConnectionString).DataSource;

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<TestDatabase> CreateAsync() => new(DatabaseKind.Sqlite, await ((IDatabases)databases).CreateAsync(migrated: false));
}
