using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// Refuses a pooler in transaction mode, once a process, on the first connection and before anything depends on it: the journal's prepared
/// statements and the migration's lock belong to a session, and there each transaction gets another one. A pooler in session mode is fine.
/// </summary>
/// <param name="settings">For a second connection.</param>
internal sealed class PoolerCheck(NpgsqlConnectionStringBuilder settings)
{
    private const int Rounds = 3;

    private int _done;

    /// <summary>Once a physical connection is open.</summary>
    public async Task RunAsync(NpgsqlConnection connection)
    {
        if (Volatile.Read(ref _done) > 0)
            return;

        // A pooler invents the number that the server's backend would have sent for cancelling.
        if (await BackendAsync(connection) != connection.ProcessID)
            await ProveSessionsAsync(connection);
        Volatile.Write(ref _done, 1);
    }

    /// <summary>
    /// A backend that serves two connections, or a connection that has changed its backend, is proof of transaction mode.
    /// </summary>
    private async Task ProveSessionsAsync(NpgsqlConnection connection)
    {
        // Of several hosts the one that this connection is to: another has other backends.
        var same = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            Host = connection.Host,
            Port = connection.Port,
            Pooling = false,
        };
        await using var second = new NpgsqlConnection(same.ConnectionString);
        await second.OpenSessionAsync(CancellationToken.None);
        for (var round = 0; round < Rounds; round++)
        {
            var own = await BackendAsync(connection);
            await using var transaction = await second.BeginTransactionAsync();
            if (await BackendAsync(second) == own || await BackendAsync(connection) != own)
            {
                throw new DatabaseUnavailableException(
                    "a connection pooler in transaction mode lies before PostgreSQL, "
                    + "and Certctl needs sessions of its own (prepared statements, locks); "
                    + "use pool_mode=session for this database, or connect to PostgreSQL itself");
            }

            await transaction.CommitAsync();
        }
    }

    private static async Task<int> BackendAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync())!;
    }
}
