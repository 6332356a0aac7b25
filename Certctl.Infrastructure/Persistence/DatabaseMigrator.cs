using Certctl.Domain.Profiles;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Certctl.Infrastructure.Persistence;

/// <summary>Brings the database to this build's schema, and says whether it is there. One at a time, however many processes start together.</summary>
public interface IDatabaseMigrator
{
    /// <summary>
    /// Applies the pending migrations under a lock and inserts the default certificate profile where it is absent. Throws what the driver
    /// throws; the database itself must exist on PostgreSQL.
    /// </summary>
    Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Names of the migrations that this build knows and the database does not.</summary>
    Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken);

    /// <summary>One trivial query; throws when the database does not answer.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}

/// <inheritdoc cref="IDatabaseMigrator"/>
internal abstract class DatabaseMigrator(IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock) : IDatabaseMigrator
{
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var held = await LockAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // An index of millions of rows takes its time.
        db.Database.SetCommandTimeout(TimeSpan.Zero);
        await db.Database.MigrateAsync(cancellationToken);

        // Never overwritten: what an operator made of it stays.
        if (await db.CertificateProfiles.AnyAsync(profile => profile.Id == CertificateProfile.DefaultId, cancellationToken))
            return;
        db.CertificateProfiles.Add(CertificateProfile.Default(clock.GetUtcNow()));
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return [.. await db.Database.GetPendingMigrationsAsync(cancellationToken)];
    }

    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SELECT 1", cancellationToken);
    }

    protected abstract Task<IAsyncDisposable> LockAsync(CancellationToken cancellationToken);
}

internal sealed class PostgresMigrator(NpgsqlDataSource dataSource, IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock)
    : DatabaseMigrator(contexts, clock)
{
    // "certctl" in ASCII: a name of ours among the advisory locks of this database.
    private const long LockKey = 0x63657274_63746c;

    /// <summary>
    /// EF locks its history table, but only once there is one: two first starts would race to create it. This lock comes before, and falls
    /// with its connection.
    /// </summary>
    protected override async Task<IAsyncDisposable> LockAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({LockKey})", connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return new Held(connection);
    }

    private sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection)
            {
                await using var command = new NpgsqlCommand($"SELECT pg_advisory_unlock({LockKey})", connection);
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}

internal sealed class SqliteMigrator(string connectionString, IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock)
    : DatabaseMigrator(contexts, clock)
{
    // EAGAIN, with which Linux answers a lock that another process holds.
    private const int ResourceUnavailable = 11;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// A lock on a file beside the database, which the system releases when its process dies. EF's own lock is a row that a killed process
    /// leaves behind for ever; under our lock such a row is nobody's, and goes.
    /// </summary>
    protected override async Task<IAsyncDisposable> LockAsync(CancellationToken cancellationToken)
    {
        var path = new SqliteConnectionStringBuilder(connectionString).DataSource;
        CreatePrivately(path);
        var file = await LockFileAsync(path + ".migrate-lock", cancellationToken);
        try
        {
            await DropAbandonedLockAsync(cancellationToken);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }

        return file;
    }

    // The driver would make it readable for everybody. Its journals take the mode of the file.
    private static void CreatePrivately(string path)
    {
        if (File.Exists(path) || path == ":memory:")
            return;
        using var made = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private static async Task<FileStream> LockFileAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (held.HResult == ResourceUnavailable)
            {
                await Task.Delay(Retry, cancellationToken);
            }
        }
    }

    private async Task DropAbandonedLockAsync(CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        SqlitePragmas.Apply(connection);
        await using var command = connection.CreateCommand();
        command.CommandText = "DROP TABLE IF EXISTS \"__EFMigrationsLock\"";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
