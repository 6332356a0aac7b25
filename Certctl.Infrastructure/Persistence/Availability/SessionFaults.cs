using System.Data.Common;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>What an error of PostgreSQL says about the session that it came from.</summary>
internal enum SessionFault
{
    /// <summary>Nothing: the statement is at fault, or another transaction.</summary>
    None,

    /// <summary>The session is over or about to be; whether the statement took effect is not known.</summary>
    Ending,

    /// <summary>The session answers and is useless, and the statement had no effect: another session may run it at once.</summary>
    Useless,
}

/// <summary>The one table of SQLSTATEs after which a physical session must not go back to the pool.</summary>
internal static class SessionFaults
{
    private static readonly Dictionary<string, SessionFault> BySqlState = new(StringComparer.Ordinal)
    {
        // read_only_sql_transaction: the server was demoted, or its pooler has moved the session to a standby.
        ["25006"] = SessionFault.Useless,

        // invalid_sql_statement_name, duplicate_prepared_statement: a pooler gives each transaction another backend.
        ["26000"] = SessionFault.Useless,
        ["42P05"] = SessionFault.Useless,

        // feature_not_supported: "cached plan must not change result type" after a migration by another process.
        ["0A000"] = SessionFault.Useless,

        // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout.
        ["57P01"] = SessionFault.Ending,
        ["57P02"] = SessionFault.Ending,
        ["57P03"] = SessionFault.Ending,
        ["57P04"] = SessionFault.Ending,
        ["57P05"] = SessionFault.Ending,
    };

    /// <summary>The SQLSTATEs of the table.</summary>
    public static IReadOnlyCollection<string> All => BySqlState.Keys;

    public static SessionFault Of(string? sqlState) => sqlState is null ? SessionFault.None : BySqlState.GetValueOrDefault(sqlState);

    /// <summary>Also of an error that a driver or EF Core has wrapped; of several hosts, the first that says something.</summary>
    public static SessionFault Of(Exception? fault) =>
        DatabaseFault.SqlStatesOf(fault).Select(Of).FirstOrDefault(found => found != SessionFault.None);

    /// <summary>The server as a whole cannot be used for now, so that the entries of a batch need not be tried one by one.</summary>
    public static bool IsOfServer(Exception fault) =>
        fault is DatabaseUnavailableException or (NpgsqlException and not PostgresException) || Of(fault) != SessionFault.None;

    /// <summary>A second try, on another session, may succeed.</summary>
    public static bool IsTransient(Exception fault) =>
        fault is DatabaseUnavailableException or DbException { IsTransient: true } || Of(fault) != SessionFault.None;
}
