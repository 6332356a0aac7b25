using System.Data.Common;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>
/// A session of PostgreSQL that holds the advisory lock of the migration and runs it. Both are the same session on purpose: when its
/// process is killed, the lock is free only once the statement that it left running has ended, too.
/// </summary>
internal sealed class PostgresSchemaSession(NpgsqlConnection connection, NpgsqlDataSource watchers, MigrationReport report)
    : SchemaSession(connection, report)
{
    // "certctl" in ASCII: a name of ours among the advisory locks of this database. pg_locks shows its halves.
    private const long LockKey = 0x63657274_63746c;
    private const long LockKeyHigh = LockKey >> 32;
    private const long LockKeyLow = LockKey & 0xffffffff;

    /// <summary>
    /// How soon a waiting process notices that the lock is free. It asks again and again,
    /// so that a network that drops idle connections shows.
    /// </summary>
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    // A bound that a role or a database sets for every session is meant for queries; 0 is none.
    // Which of them exist depends on the server's version.
    private const string Unbounded = """
        SELECT set_config(name, '0', false) FROM pg_settings
        WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
            'idle_session_timeout', 'transaction_timeout')
        """;

    // The server notices the death of this process within seconds, and that of its machine within a minute;
    // else its last statement would run on, and the lock stay held.
    private const string NoticeDeath = """
        SELECT set_config(name, CASE name WHEN 'tcp_keepalives_idle' THEN '30' WHEN 'tcp_keepalives_interval' THEN '10'
            WHEN 'tcp_keepalives_count' THEN '3' ELSE '2000' END, false)
        FROM pg_settings
        WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'client_connection_check_interval')
        """;

    private bool _locked;

    public override string LiftBounds => Unbounded;

    protected override string TableExists => "SELECT count(*) FROM pg_class WHERE oid = to_regclass(quote_ident(@name))";

    protected override string Begin => "BEGIN";

    /// <summary>Connects, which alone has a bound, and lifts the session's own bounds.</summary>
    public static async Task<PostgresSchemaSession> OpenAsync(
        NpgsqlDataSource dataSource, MigrationReport report, CancellationToken cancellationToken)
    {
        var connection = await PostgresConnecting.OpenAsync(dataSource, report, cancellationToken);
        var session = new PostgresSchemaSession(connection, dataSource, report);
        try
        {
            await session.SetAsync(Unbounded, cancellationToken);
            await session.SetAsync(NoticeDeath, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public override async Task LockAsync(CancellationToken cancellationToken)
    {
        await using var attempt = Command($"SELECT pg_try_advisory_lock({LockKey})");
        var elapsed = Report.Start();
        while (!(_locked = await attempt.ExecuteScalarAsync(cancellationToken) is true))
        {
            if (elapsed.IsDue)
            {
                elapsed.Told();
                Report.Say(waits: true,
                    $"waiting for another process that migrates this database: {await HolderAsync(cancellationToken)} ({elapsed})");
            }

            await Task.Delay(Retry, cancellationToken);
        }

        if (elapsed.HasTold)
            Report.Say(waits: false, $"the other migration has ended, going on ({elapsed})");
    }

    public override async ValueTask DisposeAsync()
    {
        await using (Connection)
        {
            // A transaction that was left open is rolled back, and the session's settings are reset,
            // by the driver when the connection goes back.
            if (!_locked || Connection.State != System.Data.ConnectionState.Open)
                return;
            await using var command = Command($"ROLLBACK; SELECT pg_advisory_unlock({LockKey})");
            await command.ExecuteNonQueryAsync();
        }
    }

    protected override Task<T> WatchedAsync<T>(Task<T> running, string name, CancellationToken cancellationToken) =>
        Report.WhileAsync(running, ended => DescribeAsync(name, ended), cancellationToken);

    protected override async Task RunAsync(string sql, string name, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        await WatchedAsync(command.ExecuteNonQueryAsync(cancellationToken), name, cancellationToken);
    }

    private async Task SetAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            // A server whose operating system cannot do one of these: it notices later.
        }
    }

    // On this connection: it is free between two attempts.
    private async Task<string> HolderAsync(CancellationToken cancellationToken)
    {
        await using var command = Command($"""
            SELECT {PostgresWatch.Session} FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid::bigint = {LockKeyHigh}
            AND l.objid::bigint = {LockKeyLow}
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """);
        return await PostgresWatch.ReadSessionAsync(command, cancellationToken) ?? "it has just ended";
    }

    private async Task<MigrationNotice> DescribeAsync(string name, CancellationToken cancellationToken)
    {
        var pid = ((NpgsqlConnection)Connection).ProcessID;
        try
        {
            return await PostgresWatch.DescribeAsync(watchers, pid, name, cancellationToken);
        }
        catch (DbException fault)
        {
            return new MigrationNotice(Waits: true, $"{name}; how far it is cannot be seen: {fault.Message.TrimEnd('.')}");
        }
        catch (TimeoutException)
        {
            return new MigrationNotice(Waits: true, $"{name}; the database answers no second connection");
        }
    }
}
