using System.Data.Common;
using System.Globalization;
using Certctl.Infrastructure.Persistence.Availability;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// Looks at a session of PostgreSQL from a second one: what it waits for, and how far an index is. It names other sessions by what
/// identifies them and never shows their statements, which may hold values.
/// </summary>
internal static class PostgresWatch
{
    /// <summary>
    /// Columns of a session <c>a</c> of pg_stat_activity; those after the second are null where our role may not see them.
    /// </summary>
    public const string Session = "a.pid, a.application_name, a.usename, host(a.client_addr), a.state, "
        + "extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::bigint";

    // The watcher waits for a server that may hang; what it watches does not wait for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<MigrationNotice> DescribeAsync(
        NpgsqlDataSource dataSource, int pid, string name, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(dataSource, cancellationToken);
        await using var blockers = Command(connection,
            $"SELECT {Session} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids({pid})) ORDER BY a.xact_start LIMIT 1");
        if (await ReadSessionAsync(blockers, cancellationToken) is { } blocker)
            return new MigrationNotice(Waits: true, $"{name}: waiting for a lock of {blocker}");
        await using var prepared = Command(connection, $"SELECT 0 = ANY (pg_blocking_pids({pid}))");
        if (await prepared.ExecuteScalarAsync(cancellationToken) is true)
            return new MigrationNotice(Waits: true, $"{name}: waiting for a lock of a prepared transaction; see pg_prepared_xacts");
        await using var progress = Command(
            connection,
            $"SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total FROM pg_stat_progress_create_index WHERE pid = {pid}");
        return new MigrationNotice(
            Waits: false, await ReadProgressAsync(progress, cancellationToken) is { } index ? $"{name}: {index}" : name);
    }

    /// <summary>The first session that the query finds, in words, with the way to end it.</summary>
    public static async Task<string?> ReadSessionAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var pid = reader.GetInt32(0);
        List<string> known = [];
        Add("\"", 1, "\"");
        Add("user ", 2);
        Add("from ", 3);
        Add("", 4);
        if (!await reader.IsDBNullAsync(5, cancellationToken))
            known.Add(string.Create(CultureInfo.InvariantCulture, $"for {reader.GetInt64(5)} s"));
        var details = known.Count == 0 ? "" : $" ({string.Join(", ", known)})";
        return string.Create(
            CultureInfo.InvariantCulture, $"PostgreSQL session {pid}{details}; SELECT pg_terminate_backend({pid}) would end it");

        void Add(string before, int column, string after = "")
        {
            if (!reader.IsDBNull(column) && Clean(reader.GetString(column)) is { Length: > 0 } text)
                known.Add($"{before}{text}{after}");
        }
    }

    private static async Task<string?> ReadProgressAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var (done, total) = reader.GetInt64(4) > 0 ? (reader.GetInt64(3), reader.GetInt64(4)) : (reader.GetInt64(1), reader.GetInt64(2));
        return total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{reader.GetString(0)}, {100 * done / total} %")
            : reader.GetString(0);
    }

    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var opening = dataSource.OpenSessionAsync(cancellationToken);
        await ((Task)opening).WaitAsync(Patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompleted)
            return await opening;
        _ = CloseAsync(opening);
        cancellationToken.ThrowIfCancellationRequested();
        throw new TimeoutException("The server answers no second connection in time.");
    }

    // A place in the pool that comes too late is given back.
    private static async Task CloseAsync(Task<NpgsqlConnection> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
            await (await opening).DisposeAsync();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql) =>
        new(sql, connection) { CommandTimeout = (int)Patience.TotalSeconds };

    // Another session chooses its application_name itself.
    private static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) || c == '"' ? '?' : c));
}
