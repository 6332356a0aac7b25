using Microsoft.Data.Sqlite;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>The smallest write that each database makes durable without a table of its own.</summary>
internal static class WriteProbe
{
    private const int SqliteReadOnly = 8;

    // A transactional logical message: a transaction id, a WAL record and a flush, as a commit has. NULL: this session cannot write.
    private const string Write =
        $"SELECT CASE WHEN {ReadOnly} THEN NULL ELSE pg_logical_emit_message(true, 'certctl', 'ready')::text END";

    private const string ReadOnly = "pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

    /// <summary>Where the session at hand cannot write, another one is asked: the server may have been demoted under it.</summary>
    public static async Task<DatabaseState> PostgresAsync(NpgsqlDataSource source, PostgresPools pools)
    {
        try
        {
            if (await WritesAsync(source))
                return DatabaseState.Writable;
            pools.Clear();
            return await WritesAsync(source) ? DatabaseState.Writable : DatabaseState.ReadOnly;
        }
        catch (PostgresException fault)
        {
            pools.Judge(fault);
            throw;
        }
    }

    /// <summary>Writes the header page of the file as it is.</summary>
    public static async Task<DatabaseState> SqliteAsync(string connectionString)
    {
        try
        {
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync();
            SqlitePragmas.Apply(connection);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version";
            var version = (long)(await command.ExecuteScalarAsync())!;
            command.CommandText = FormattableString.Invariant($"PRAGMA user_version = {version}");
            await command.ExecuteNonQueryAsync();
            return DatabaseState.Writable;
        }
        catch (SqliteException refused) when (refused.SqliteErrorCode == SqliteReadOnly)
        {
            return DatabaseState.ReadOnly;
        }
    }

    private static async Task<bool> WritesAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenSessionAsync(CancellationToken.None);
        try
        {
            await using var command = new NpgsqlCommand(Write, connection);
            return await command.ExecuteScalarAsync() is string;
        }
        catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.UndefinedFunction
            or PostgresErrorCodes.InsufficientPrivilege)
        {
            // Not every relative of PostgreSQL has that function, and its use may be withdrawn: then what the session says of itself must
            // do.
            await using var command = new NpgsqlCommand($"SELECT NOT ({ReadOnly})", connection);
            return await command.ExecuteScalarAsync() is true;
        }
    }
}
