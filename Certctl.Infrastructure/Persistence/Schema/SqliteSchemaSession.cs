using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>A connection to a SQLite file, under a lock on a file beside it that the system releases when the process dies.</summary>
internal sealed class SqliteSchemaSession(SqliteConnection connection, FileStream? held, MigrationReport report)
    : SchemaSession(connection, report)
{
    // EAGAIN, with which Linux answers a lock that another process holds.
    private const int ResourceUnavailable = 11;

    private const int Busy = 5;
    private const int Interrupted = 9;
    private const int CannotOpen = 14;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    public override string LiftBounds => "SELECT 1";

    protected override string TableExists => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = @name";

    // A migration takes the write lock first: then it cannot find the file busy in its middle.
    protected override string Begin => "BEGIN IMMEDIATE";

    public static async Task<SqliteSchemaSession> OpenAsync(
        string connectionString, MigrationReport report, CancellationToken cancellationToken)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        var held = await PrepareAsync(settings.DataSource, report, cancellationToken);

        var session = new SqliteSchemaSession(Unpooled(settings), held, report);
        try
        {
            await session.Connection.OpenAsync(cancellationToken);
            await session.ExecuteAsync(SqlitePragmas.ForMigration, "opening the database", cancellationToken);

            // EF's own lock is a row that a killed process leaves behind for ever; under the file lock such a row has no holder.
            await session.ExecuteAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", "opening the database", cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>A session on an existing file, without the lock; null where there is no file.</summary>
    public static async Task<SqliteSchemaSession?> OpenToReadAsync(
        string connectionString, MigrationReport report, CancellationToken cancellationToken)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString) { Mode = SqliteOpenMode.ReadWrite };
        if (!File.Exists(settings.DataSource))
            return null;
        var session = new SqliteSchemaSession(Unpooled(settings), held: null, report);
        try
        {
            await session.Connection.OpenAsync(cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Held since the session was opened.</summary>
    public override Task LockAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        if (held is not null)
            await held.DisposeAsync();
    }

    // A table that is built anew wants foreign keys unchecked meanwhile, and the switch works outside of transactions alone:
    // it is off for the whole session.
    internal override IReadOnlyList<MigrationStatement> Arrange(IReadOnlyList<MigrationStatement> statements) =>
        [.. statements.Where(
            statement => !(statement.OutsideTransaction
                && statement.Sql.TrimStart().StartsWith("PRAGMA foreign_keys", StringComparison.OrdinalIgnoreCase)))];

    protected override Task<T> WatchedAsync<T>(Task<T> running, string name, CancellationToken cancellationToken) => running;

    // On a thread of its own, since the driver does nothing asynchronously; interrupted when the process is told to stop.
    protected override async Task RunAsync(string sql, string name, CancellationToken cancellationToken)
    {
        var elapsed = Report.Start();
        while (true)
        {
            try
            {
                await using var interrupt = cancellationToken.Register(() => raw.sqlite3_interrupt(((SqliteConnection)Connection).Handle));
                await Report.WhileAsync(
                    Task.Run(() => Run(sql), cancellationToken),
                    _ => Task.FromResult(new MigrationNotice(Waits: false, name)),
                    cancellationToken);
                return;
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode == Busy)
            {
                if (elapsed.IsDue)
                {
                    elapsed.Told();
                    Report.Say(waits: true, $"{name}: waiting for another process that writes to the database; "
                        + $"fuser {((SqliteConnection)Connection).DataSource} names it ({elapsed})");
                }

                await Task.Delay(Retry, cancellationToken);
            }
            catch (SqliteException stopped) when (stopped.SqliteErrorCode == Interrupted && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(stopped.Message, stopped, cancellationToken);
            }
        }
    }

    private int Run(string sql)
    {
        // The driver sleeps while it retries on a busy file, deaf to a stop: it retries for a second alone.
        using var command = Command(sql);
        command.CommandTimeout = 1;
        return command.ExecuteNonQuery();
    }

    // A transaction that is left open falls with the connection, if that is not pooled.
    private static SqliteConnection Unpooled(SqliteConnectionStringBuilder settings) =>
        new(new SqliteConnectionStringBuilder(settings.ConnectionString) { Pooling = false }.ConnectionString);

    // As the driver says it: a folder that is absent or belongs to another user is a fault of the database like any other.
    private static async Task<FileStream> PrepareAsync(string path, MigrationReport report, CancellationToken cancellationToken)
    {
        try
        {
            CreatePrivately(path);
            return await LockFileAsync(path + ".migrate-lock", report, cancellationToken);
        }
        catch (IOException unusable)
        {
            throw new SqliteException(unusable.Message, CannotOpen);
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new SqliteException(denied.Message, CannotOpen);
        }
    }

    // The driver would make it readable for every user. Its journals take the mode of the file.
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

    private static async Task<FileStream> LockFileAsync(string path, MigrationReport report, CancellationToken cancellationToken)
    {
        var elapsed = report.Start();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (held.HResult == ResourceUnavailable)
            {
                if (elapsed.IsDue)
                {
                    elapsed.Told();
                    report.Say(
                        waits: true, $"waiting for another certctl process that migrates this database; fuser {path} names it ({elapsed})");
                }

                await Task.Delay(Retry, cancellationToken);
            }
        }
    }
}
