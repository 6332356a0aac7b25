using Certctl.Domain.Profiles;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// Brings the database to this build's schema, and says whether it is there. One at a time, however many processes start together.
/// </summary>
public interface IDatabaseMigrator
{
    /// <summary>
    /// Applies the pending migrations under a lock, one transaction each, and inserts the default certificate profile where there never was
    /// one. Only connecting has a time bound; neither the migrations nor the wait for another process that migrates have one. Throws what
    /// the driver throws; the database itself must exist on PostgreSQL. A schema that this build's migrations did not make is an
    /// <see cref="OtherSchemaException"/>, and nothing is applied to it.
    /// </summary>
    /// <param name="listener">Told what lasts for more than two seconds, and again every ten; called by any thread.</param>
    /// <returns>The names of the migrations that this call applied.</returns>
    Task<IReadOnlyList<string>> MigrateAsync(IProgress<MigrationNotice>? listener, CancellationToken cancellationToken);

    /// <inheritdoc cref="MigrateAsync(IProgress{MigrationNotice}?, CancellationToken)"/>
    Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellationToken) => MigrateAsync(null, cancellationToken);

    /// <summary>
    /// Names of the migrations that this build knows and the database does not. Connects as patiently as a migration does, and throws
    /// <see cref="OtherSchemaException"/> as a migration does.
    /// </summary>
    /// <param name="listener">As <see cref="MigrateAsync(IProgress{MigrationNotice}?, CancellationToken)"/> tells it.</param>
    Task<IReadOnlyList<string>> PendingAsync(IProgress<MigrationNotice>? listener, CancellationToken cancellationToken);

    /// <inheritdoc cref="PendingAsync(IProgress{MigrationNotice}?, CancellationToken)"/>
    Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken) => PendingAsync(null, cancellationToken);

    /// <summary>
    /// Which of these certificate profiles the database does not hold. It waits as a migration does, and without EF,
    /// whose model is a tenth of a start.
    /// </summary>
    /// <param name="listener">As <see cref="MigrateAsync(IProgress{MigrationNotice}?, CancellationToken)"/> tells it.</param>
    Task<IReadOnlyList<string>> MissingProfilesAsync(
        IEnumerable<string> profileIds, IProgress<MigrationNotice>? listener, CancellationToken cancellationToken);

    /// <summary>One trivial query; throws when the database does not answer.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}

/// <inheritdoc cref="IDatabaseMigrator"/>
/// <param name="known">The ids of all migrations of this build, in their order.</param>
internal abstract class DatabaseMigrator(
    IReadOnlyList<string> known, IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock, NoticePace pace) : IDatabaseMigrator
{
    public async Task<IReadOnlyList<string>> MigrateAsync(IProgress<MigrationNotice>? listener, CancellationToken cancellationToken)
    {
        var report = new MigrationReport(listener, pace);
        await using var session = await OpenAsync(report, cancellationToken);
        if ((await session.ReadHistoryAsync(cancellationToken)).Pending(known).Count == 0
            && await session.HadDefaultProfileAsync(cancellationToken))
            return [];
        await session.LockAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // Again, for meanwhile another process may have done it.
        var pending = (await session.ReadHistoryAsync(cancellationToken)).Pending(known);
        if (pending.Count > 0)
            await session.ExecuteAsync(MigrationScript.CreateHistory(db), "making the history of the schema", cancellationToken);
        foreach (var (id, number) in pending.Select((id, index) => (id, index + 1)))
            await session.ApplyAsync($"migration {number} of {pending.Count}, {id}", MigrationScript.Of(db, id), cancellationToken);

        // Never overwritten, nor made again: what an operator made of it stays.
        if (!await session.HadDefaultProfileAsync(cancellationToken))
        {
            db.Database.SetCommandTimeout(TimeSpan.Zero);
            await db.Database.OpenConnectionAsync(cancellationToken);
            await db.Database.ExecuteSqlRawAsync(session.LiftBounds, cancellationToken);
            db.CertificateProfiles.Add(CertificateProfile.Default(clock.GetUtcNow()));
            await db.SaveChangesAsync(cancellationToken);
        }

        return pending;
    }

    public async Task<IReadOnlyList<string>> PendingAsync(IProgress<MigrationNotice>? listener, CancellationToken cancellationToken)
    {
        await using var session = await OpenToReadAsync(new MigrationReport(listener, pace), cancellationToken);
        var history = session is null ? SchemaHistory.None : await session.ReadHistoryAsync(cancellationToken);
        return history.Pending(known);
    }

    public async Task<IReadOnlyList<string>> MissingProfilesAsync(
        IEnumerable<string> profileIds, IProgress<MigrationNotice>? listener, CancellationToken cancellationToken)
    {
        await using var session = await OpenToReadAsync(new MigrationReport(listener, pace), cancellationToken);
        List<string> missing = [];
        foreach (var id in profileIds)
        {
            if (session is null || !await session.HasProfileAsync(id, cancellationToken))
                missing.Add(id);
        }

        return missing;
    }

    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SELECT 1", cancellationToken);
    }

    protected abstract Task<SchemaSession> OpenAsync(MigrationReport report, CancellationToken cancellationToken);

    /// <summary>A session without any lock of ours; null: the database is not made yet.</summary>
    protected abstract Task<SchemaSession?> OpenToReadAsync(MigrationReport report, CancellationToken cancellationToken);
}

internal sealed class PostgresMigrator(
    IReadOnlyList<string> known,
    NpgsqlDataSource dataSource,
    IDbContextFactory<CertctlDbContext> contexts,
    TimeProvider clock,
    NoticePace pace)
    : DatabaseMigrator(known, contexts, clock, pace)
{
    protected override async Task<SchemaSession> OpenAsync(MigrationReport report, CancellationToken cancellationToken) =>
        await PostgresSchemaSession.OpenAsync(dataSource, report, cancellationToken);

    protected override async Task<SchemaSession?> OpenToReadAsync(MigrationReport report, CancellationToken cancellationToken) =>
        await PostgresSchemaSession.OpenAsync(dataSource, report, cancellationToken);
}

internal sealed class SqliteMigrator(
    IReadOnlyList<string> known, string connectionString, IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock, NoticePace pace)
    : DatabaseMigrator(known, contexts, clock, pace)
{
    protected override async Task<SchemaSession> OpenAsync(MigrationReport report, CancellationToken cancellationToken) =>
        await SqliteSchemaSession.OpenAsync(connectionString, report, cancellationToken);

    protected override async Task<SchemaSession?> OpenToReadAsync(MigrationReport report, CancellationToken cancellationToken) =>
        await SqliteSchemaSession.OpenToReadAsync(connectionString, report, cancellationToken);
}
