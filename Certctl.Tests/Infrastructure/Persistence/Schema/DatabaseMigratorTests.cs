using System.Data.Common;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Migrations.Postgres;
using Certctl.Infrastructure.Persistence.Migrations.Sqlite;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

public sealed class PostgresDatabaseMigratorTests(PostgresDatabases databases)
    : DatabaseMigratorTests(databases), IClassFixture<PostgresDatabases>
{
    [Fact]
    [Trait("Conformance", "A-9")]
    public async Task The_audit_table_cannot_be_truncated()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RefusesAsync(database, "TRUNCATE audit_events");
    }

    // The lists look for a part of a name, and answer late, but rightly, without this index.
    [Fact]
    public async Task The_schema_has_the_index_that_the_model_cannot_say()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        const string Index = "certificates_sans_idx";
        Assert.Equal(
            [$"CREATE INDEX {Index} ON public.certificates USING gin (((sans)::text) gin_trgm_ops)"],
            await db.Database.SqlQuery<string>($"SELECT indexdef AS \"Value\" FROM pg_indexes WHERE indexname = {Index}").ToListAsync());
    }
}

public sealed class SqliteDatabaseMigratorTests(SqliteDatabases databases)
    : DatabaseMigratorTests(databases), IClassFixture<SqliteDatabases>
{
    [Fact]
    public async Task The_audit_table_cannot_be_replaced_into()
    {
        await using var database = await OpenAsync();
        await database.Journal.CommitAsync(TestEntries.Issued(TestDatabase.Start), default);
        await RefusesAsync(database, "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events");
    }

    [Fact]
    public async Task A_lock_row_left_behind_by_a_killed_process_blocks_no_migration()
    {
        await using var database = await OpenAsync();
        await using (var db = database.Open())
        {
            await db.Database.ExecuteSqlRawAsync(
                "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)");
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01')");
        }

        await database.Migrator.MigrateAsync(default).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Every_connection_writes_ahead_and_syncs_fully()
    {
        await using var database = await OpenAsync();
        await using var db = database.Open();
        Assert.Equal(
            "wal",
            Assert.Single(await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS Value FROM pragma_journal_mode").ToListAsync()));
        Assert.Equal(
            2, Assert.Single(await db.Database.SqlQueryRaw<int>("SELECT synchronous AS Value FROM pragma_synchronous").ToListAsync()));
    }
}

public abstract class DatabaseMigratorTests(IDatabases databases) : PersistenceTests(databases)
{
    [Fact]
    public async Task The_migrations_say_what_the_model_says()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task A_build_knows_the_migrations_that_EF_knows()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        var known = Kind == DatabaseKind.PostgreSql
            ? MigrationScript.Known<PostgresCertctlDbContextModelSnapshot>()
            : MigrationScript.Known<SqliteCertctlDbContextModelSnapshot>();
        Assert.Equal(db.Database.GetMigrations(), known);
    }

    [Fact]
    public async Task The_compiled_model_says_what_the_model_says()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        Assert.IsType<RuntimeModel>(db.Model, exactMatch: false);

        Assert.Equal(Describe(db.GetService<IDesignTimeModel>().Model), Describe(db.Model));
    }

    [Fact]
    public async Task Processes_that_start_together_migrate_once()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync(migrated: false);
        await using var second = OpenBeside(first);
        await using var third = OpenBeside(first);
        Assert.NotEmpty(await first.Migrator.PendingAsync(default));

        await Task.WhenAll(new[] { first, second, third }.Select(database => Task.Run(() => database.Migrator.MigrateAsync(default))));

        Assert.Empty(await first.Migrator.PendingAsync(default));
        await first.Migrator.PingAsync(default);
        Assert.Equal(CertificateProfile.DefaultId, Assert.Single(await first.Profiles.ListAsync(default)).Id);
    }

    [Fact]
    public async Task Every_migration_is_one_transaction_so_that_a_killed_process_leaves_no_part_of_it()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync(migrated: false);
        await using var db = LaterMigrations.Contexts(database).CreateDbContext();
        await using SchemaSession session = Kind == DatabaseKind.PostgreSql
            ? new PostgresSchemaSession(new Npgsql.NpgsqlConnection(), null!, null!)
            : new SqliteSchemaSession(new Microsoft.Data.Sqlite.SqliteConnection(), null, null!);
        var scripts = db.Database.GetMigrations().ToDictionary(id => id, id => session.Arrange(MigrationScript.Of(db, id)));
        Assert.Equal(LaterMigrations.All, scripts.Keys.TakeLast(3));
        Assert.Equal("Initial", scripts.Keys.First().Split('_')[1]);
        Assert.All(scripts, script => Assert.DoesNotContain(script.Value, statement => statement.OutsideTransaction));
        Assert.All(scripts, script => Assert.Contains(script.Key, script.Value[^1].Sql, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Our_run_of_the_migrations_makes_the_schema_that_the_tools_make()
    {
        if (!IsAvailable)
            return;
        await using var ours = await OpenAsync();
        await LaterMigrations.Migrator(ours).MigrateAsync(null, default);
        await using var tools = await OpenAsync(migrated: false);
        await using (var db = LaterMigrations.Contexts(tools).CreateDbContext())
            await db.Database.MigrateAsync();
        Assert.Empty(await LaterMigrations.Migrator(tools).PendingAsync(null, default));
        Assert.Equal(await SchemaAsync(tools), await SchemaAsync(ours));
    }

    [Theory]
    [InlineData("20261125210758_Initial", false)]
    [InlineData("99990101000000_Initial", true)]
    public async Task A_schema_of_another_build_is_refused_and_left_as_it_is(string name, bool isLater)
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" NOT LIKE '%_Initial'");
        await db.Database.ExecuteSqlAsync($"UPDATE \"__EFMigrationsHistory\" SET \"MigrationId\" = {name}");
        await RefusesSchemaAsync(database, isLater, $"__EFMigrationsHistory holds {name}, which this build does not know");
    }

    [Fact]
    public async Task A_schema_that_a_later_build_has_migrated_further_is_refused()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await LaterMigrations.Migrator(database).MigrateAsync(null, default);
        await RefusesSchemaAsync(database, isLater: true, $"holds {LaterMigrations.First}, which this build does not know");
    }

    [Theory]
    [InlineData("DELETE FROM")]
    [InlineData("DROP TABLE")]
    public async Task Tables_without_the_entry_of_the_initial_migration_are_refused(string loss)
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
#pragma warning disable EF1002 // Both stand above.
        await db.Database.ExecuteSqlRawAsync($"{loss} \"__EFMigrationsHistory\"");
#pragma warning restore EF1002
        await RefusesSchemaAsync(database, isLater: false, "it holds table audit_events, but __EFMigrationsHistory does not hold ");
    }

    [Fact]
    public async Task A_history_that_a_killed_process_left_empty_is_no_hindrance()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync(migrated: false);
        await using (var db = database.Open())
            await db.Database.ExecuteSqlRawAsync(MigrationScript.CreateHistory(db));
        Assert.Contains("_Initial", (await database.Migrator.MigrateAsync(default))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_default_profile_is_never_overwritten()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        await db.CertificateProfiles.ExecuteUpdateAsync(set => set.SetProperty(p => p.Enabled, false).SetProperty(p => p.Version, 7));

        await database.Migrator.MigrateAsync(default);

        var profile = Assert.Single(await database.Profiles.ListAsync(default));
        Assert.False(profile.Enabled);
        Assert.Equal(7, profile.Version);
    }

    [Fact]
    public async Task A_default_profile_that_an_operator_deleted_stays_deleted()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var deletion = await database.Profiles.DeleteAsync(
            CertificateProfile.DefaultId, 1, TestEntries.Audit(TestDatabase.Start, null), default);
        Assert.Equal(Certctl.Application.Enrolments.ProfileDeletion.Deleted, deletion);

        await database.Migrator.MigrateAsync(default);

        Assert.Empty(await database.Profiles.ListAsync(default));
    }

    [Theory]
    [InlineData("UPDATE audit_events SET detail = 'nothing happened'")]
    [InlineData("DELETE FROM audit_events")]
    [Trait("Conformance", "A-9")]
    public async Task The_audit_table_only_grows(string statement)
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Journal.CommitAsync(TestEntries.Issued(TestDatabase.Start), default);
        await RefusesAsync(database, statement);
        await using var db = database.Open();
        Assert.Equal("as asked", Assert.Single(await db.AuditEvents.ToListAsync()).Detail);
    }

    [Fact]
    public async Task A_database_that_is_away_fails_the_ping()
    {
        await using var database = OpenUnreachable();
        await Assert.ThrowsAnyAsync<DbException>(() => database.Migrator.PingAsync(default));
        await Assert.ThrowsAnyAsync<Exception>(() => database.Migrator.MigrateAsync(default).WaitAsync(TimeSpan.FromMinutes(2)));
    }

    private async Task RefusesSchemaAsync(TestDatabase database, bool isLater, string what)
    {
        var before = await SchemaAsync(database);
        var refused = await Assert.ThrowsAsync<OtherSchemaException>(() => database.Migrator.PendingAsync(default));
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Equal(isLater, refused.IsLater);
        refused = await Assert.ThrowsAsync<OtherSchemaException>(() => database.Migrator.MigrateAsync(default));
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await SchemaAsync(database));
    }

    private async Task<IReadOnlyList<string>> SchemaAsync(TestDatabase database)
    {
        await using var db = database.Open();
        var schema = await db.Database.SqlQueryRaw<string>(Kind == DatabaseKind.PostgreSql
            ? """
              SELECT indexdef AS "Value" FROM pg_indexes WHERE schemaname = 'public'
              UNION ALL SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
                || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
              UNION ALL SELECT event_object_table || ' ' || trigger_name || ' ' || event_manipulation FROM information_schema.triggers
              ORDER BY 1
              """
            : """
              SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS "Value" FROM sqlite_master
              WHERE name <> '__EFMigrationsLock' AND name NOT LIKE 'sqlite_autoindex___EFMigrationsLock%'
              ORDER BY 1
              """).ToListAsync();
        var history = await db.GetService<IHistoryRepository>().GetAppliedMigrationsAsync();
        return [.. schema, .. history.Select(applied => $"{applied.MigrationId} {applied.ProductVersion}")];
    }

    internal static async Task RefusesAsync(TestDatabase database, string statement)
    {
        await using var db = database.Open();
        var refused = await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync(statement));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    // What statements are made of. Defaults of the database and filters of indexes are for migrations alone,
    // and no compiled model has them.
    private static IEnumerable<string> Describe(IModel model) =>
        from entity in model.GetEntityTypes()
        from line in entity.GetProperties().Select(property =>
                $"{property.Name} {property.ClrType} {property.GetColumnName()} {property.GetColumnType()} null={property.IsNullable} "
                    + $"max={property.GetMaxLength()} {property.ValueGenerated} "
                + $"token={property.IsConcurrencyToken} {property.GetTypeMapping().Converter?.GetType()} "
                + $"{property.GetValueComparer().GetType()} {property.GetAfterSaveBehavior()}")
            .Concat(entity.GetKeys().Select(key => $"key {string.Join(',', key.Properties.Select(property => property.Name))}"))
            .Concat(entity.GetIndexes().Select(
                index => $"index {index.Name} {string.Join(',', index.Properties.Select(property => property.Name))} {index.IsUnique}"))
            .Concat(
                entity.GetForeignKeys().Select(foreign => $"to {foreign.PrincipalEntityType.Name} "
                    + $"{string.Join(',', foreign.Properties.Select(property => property.Name))} {foreign.DeleteBehavior}"))
        select $"{entity.Name} in {entity.GetTableName()}: {line}";
}
