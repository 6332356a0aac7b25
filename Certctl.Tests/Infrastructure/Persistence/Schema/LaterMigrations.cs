using System.Reflection;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Migrations.Postgres;
using Certctl.Infrastructure.Persistence.Migrations.Sqlite;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Internal;
using Npgsql;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

/// <summary>
/// Migrations that a later version might have, behind those of this build: tests of how migrations run apply them to a database that is in
/// use. Each leaves the schema as the model has it, but for the indexes named later_….
/// </summary>
internal static class LaterMigrations
{
    public const string First = "99990101000001_LaterFirst";
    public const string Second = "99990101000002_LaterSecond";
    public const string Third = "99990101000003_LaterThird";

    public static readonly IReadOnlyList<string> All = [First, Second, Third];

    /// <summary>A migrator of <paramref name="database"/> as that later version would have it.</summary>
    public static DatabaseMigrator Migrator(TestDatabase database) => database.Kind == DatabaseKind.PostgreSql
        ? new PostgresMigrator(
            [.. MigrationScript.Known<PostgresCertctlDbContextModelSnapshot>(), .. All],
            database.Get<NpgsqlDataSource>(),
            Contexts(database),
            database.Clock,
            MigrationNotices.Eager)
        : new SqliteMigrator(
            [.. MigrationScript.Known<SqliteCertctlDbContextModelSnapshot>(), .. All],
            database.ConnectionString,
            Contexts(database),
            database.Clock,
            MigrationNotices.Eager);

    /// <summary>EF's view of <paramref name="database"/> in that later version.</summary>
    public static IDbContextFactory<CertctlDbContext> Contexts(TestDatabase database) => database.Kind == DatabaseKind.PostgreSql
        ? new LaterContexts(() => new PostgresCertctlDbContext(Postgres(database)))
        : new LaterContexts(() => new SqliteCertctlDbContext(Sqlite(database)));

    private static DbContextOptions<PostgresCertctlDbContext> Postgres(TestDatabase database) =>
        DatabaseOptionsBuilder.Postgres<PostgresCertctlDbContext>(database.Get<NpgsqlDataSource>())
            .AddInterceptors(OpeningInterceptor.Instance)
            .ReplaceService<IMigrationsAssembly, LaterMigrationsAssembly>()
            .Options;

    private static DbContextOptions<SqliteCertctlDbContext> Sqlite(TestDatabase database) =>
        DatabaseOptionsBuilder.Sqlite<SqliteCertctlDbContext>(database.ConnectionString)
            .ReplaceService<IMigrationsAssembly, LaterMigrationsAssembly>()
            .Options;

    private sealed class LaterContexts(Func<CertctlDbContext> create) : IDbContextFactory<CertctlDbContext>
    {
        public CertctlDbContext CreateDbContext() => create();
    }
}

#pragma warning disable EF1001 // EF has no public way to add migrations of a second assembly.
internal sealed class LaterMigrationsAssembly(
    ICurrentDbContext current,
    IDbContextOptions options,
    IMigrationsIdGenerator ids,
    IDiagnosticsLogger<DbLoggerCategory.Migrations> logger)
    : MigrationsAssembly(current, options, ids, logger)
{
    private readonly Type _context = current.Context.GetType();

    public override IReadOnlyDictionary<string, TypeInfo> Migrations => new SortedList<string, TypeInfo>(
        base.Migrations.Concat(
            from type in typeof(LaterMigrations).Assembly.GetTypes()
            where type.GetCustomAttribute<DbContextAttribute>()?.ContextType == _context
            select KeyValuePair.Create(type.GetCustomAttribute<MigrationAttribute>()!.Id, type.GetTypeInfo())).ToDictionary(),
        StringComparer.Ordinal);
}
#pragma warning restore EF1001

/// <summary>Its table stays readable while this builds an index.</summary>
[DbContext(typeof(PostgresCertctlDbContext))]
[Migration(LaterMigrations.First)]
internal sealed class PostgresLaterFirst : Migration
{
    public override IModel TargetModel => new PostgresCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndex("later_first_idx", "certificates", ["not_before", "serial_number"]);
}

/// <summary>It needs the table of the audit for itself, and builds an index that takes long where there are many events.</summary>
[DbContext(typeof(PostgresCertctlDbContext))]
[Migration(LaterMigrations.Second)]
internal sealed class PostgresLaterSecond : Migration
{
    public override IModel TargetModel => new PostgresCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropIndex("audit_events_text_idx", "audit_events");
        migrationBuilder.CreateIndex("audit_events_text_idx", "audit_events", ["subject", "detail", "device_name", "claim_subject"])
            .Annotation("Npgsql:IndexMethod", "gin")
            .Annotation("Npgsql:IndexOperators", new[] { "gin_trgm_ops", "gin_trgm_ops", "gin_trgm_ops", "gin_trgm_ops" });
    }
}

[DbContext(typeof(PostgresCertctlDbContext))]
[Migration(LaterMigrations.Third)]
internal sealed class PostgresLaterThird : Migration
{
    public override IModel TargetModel => new PostgresCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndex("later_third_idx", "enrolments", "decided_at");
}

[DbContext(typeof(SqliteCertctlDbContext))]
[Migration(LaterMigrations.First)]
internal sealed class SqliteLaterFirst : Migration
{
    public override IModel TargetModel => new SqliteCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndex("later_first_idx", "certificates", ["not_before", "serial_number"]);
}

/// <summary>
/// SQLite has no statement for this: EF builds the table anew, with foreign keys switched off outside of the transaction.
/// </summary>
[DbContext(typeof(SqliteCertctlDbContext))]
[Migration(LaterMigrations.Second)]
internal sealed class SqliteLaterSecond : Migration
{
    public override IModel TargetModel => new SqliteCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropPrimaryKey("certificate_profiles_pkey", "certificate_profiles");
        migrationBuilder.AddPrimaryKey("certificate_profiles_pkey", "certificate_profiles", "id");
    }
}

[DbContext(typeof(SqliteCertctlDbContext))]
[Migration(LaterMigrations.Third)]
internal sealed class SqliteLaterThird : Migration
{
    public override IModel TargetModel => new SqliteCertctlDbContextModelSnapshot().Model;

    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndex("later_third_idx", "enrolments", "decided_at");
}
