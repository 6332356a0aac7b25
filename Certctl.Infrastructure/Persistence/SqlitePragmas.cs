using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// What every SQLite connection starts with: readers beside one writer (WAL), a commit that survives a power cut (FULL), and patience for
/// another process's write.
/// </summary>
internal sealed class SqlitePragmas : DbConnectionInterceptor
{
    public static readonly SqlitePragmas Instance = new();

    private const string Pragmas = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

    /// <summary>
    /// The same for the connection of a migration, which is told at once when the file is busy and does the waiting itself. Tables that are
    /// built anew want foreign keys unchecked meanwhile.
    /// </summary>
    public const string ForMigration =
        "PRAGMA busy_timeout = 0; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;";

    public static void Apply(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Apply(connection);
        return Task.CompletedTask;
    }
}
