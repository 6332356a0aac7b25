using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Certctl.Infrastructure.Persistence;

/// <summary>What keeps a database from being used. Each kind has another remedy.</summary>
public enum DatabaseFaultKind
{
    /// <summary>The host's name has no address.</summary>
    Unresolved,

    /// <summary>No server listens at the address, or there is no route to it.</summary>
    Refused,

    /// <summary>Nothing answers in time.</summary>
    NoAnswer,

    /// <summary>The server starts, stops or recovers.</summary>
    NotReady,

    /// <summary>TLS is demanded by one side alone, or a certificate is not trusted.</summary>
    Tls,

    /// <summary>Wrong password, unknown role, or no line in pg_hba.conf.</summary>
    Authentication,

    NoDatabase,

    NoRight,

    /// <summary>The server or the file takes no writes.</summary>
    ReadOnly,

    TooManyConnections,

    /// <summary>A lock of another session, or a deadlock, ended a statement.</summary>
    Lock,

    /// <summary>A time bound of the server or of the session ended a statement.</summary>
    Slow,

    /// <summary>The connection broke under a statement.</summary>
    Disconnected,

    Full,

    /// <summary>An extension that the schema needs is not installed at the server.</summary>
    NoExtension,

    /// <summary>The path of a SQLite database cannot be opened.</summary>
    Path,

    /// <summary>The file is no SQLite database, or a damaged one.</summary>
    NotADatabase,

    /// <summary>An earlier build, or another program, made the schema; no migration leads from it to this build's.</summary>
    EarlierSchema,

    /// <summary>A later build has migrated the schema.</summary>
    LaterSchema,

    /// <summary>A statement failed: the schema is another one than this build's, or a constraint was violated.</summary>
    Statement,
}

/// <summary>Tells the drivers' exceptions apart.</summary>
public static class DatabaseFault
{
    private const string MissingObjects = "42P01 42703 42883 42704";

    /// <summary>What a driver's exception means; one that the driver wrapped decides.</summary>
    public static DatabaseFaultKind KindOf(Exception fault) => fault switch
    {
        PostgresException { SqlState: "0A000" or "58P01" } told when told.MessageText.Contains("extension", StringComparison.Ordinal) =>
            DatabaseFaultKind.NoExtension,
        PostgresException told => KindOf(told.SqlState),
        SqliteException told => KindOf(told.SqliteErrorCode),
        OtherSchemaException told => told.IsLater ? DatabaseFaultKind.LaterSchema : DatabaseFaultKind.EarlierSchema,
        SocketException socket => KindOf(socket.SocketErrorCode),
        TimeoutException => DatabaseFaultKind.NoAnswer,
        AuthenticationException or CryptographicException => DatabaseFaultKind.Tls,

        AggregateException { InnerExceptions.Count: > 0 } several => KindOf(Deciding(several)),

        // The driver's bound for one statement; while it connects, PostgresConnecting says so.
        NpgsqlException { InnerException: TimeoutException, Message: var text } when text.Contains("reading", StringComparison.Ordinal) =>
            DatabaseFaultKind.Slow,
        NpgsqlException { InnerException: null or IOException } broken => KindOfMessage(broken),
        NpgsqlException { InnerException: { } inner } => KindOf(inner),
        _ => DatabaseFaultKind.Statement,
    };

    /// <summary>
    /// True where the driver found none of several hosts worth asking: each was away or could not write when it was asked last.
    /// </summary>
    public static bool IsWithoutHost(Exception fault) =>
        fault is NpgsqlException { InnerException: null } && fault.Message.Contains("No suitable host", StringComparison.Ordinal);

    /// <summary>The SQLSTATEs in what a driver threw, also where it or EF Core has wrapped them, one of each host.</summary>
    public static IEnumerable<string> SqlStatesOf(Exception? fault) => fault switch
    {
        null => [],
        PostgresException told => [told.SqlState],
        AggregateException several => several.InnerExceptions.SelectMany(SqlStatesOf),
        _ => SqlStatesOf(fault.InnerException),
    };

    /// <summary>True for a table or a column that is missing.</summary>
    public static bool IsOtherSchema(Exception fault) =>
        fault is PostgresException told && MissingObjects.Contains(told.SqlState, StringComparison.Ordinal);

    // Of several hosts each has its own fault. One that may pass decides, for then the start waits;
    // else what a server said, else the first.
    private static Exception Deciding(AggregateException several) =>
        several.InnerExceptions.FirstOrDefault(fault => KindOf(fault) is DatabaseFaultKind.NotReady or DatabaseFaultKind.NoAnswer)
        ?? several.InnerExceptions.FirstOrDefault(fault => SqlStatesOf(fault).Any())
        ?? several.InnerExceptions[0];

    // A fault inside of a read names what happened to the connection; what the driver found by itself has a message alone.
    private static DatabaseFaultKind KindOfMessage(NpgsqlException fault) => fault switch
    {
        { InnerException: IOException { InnerException: SocketException socket } } => KindOf(socket.SocketErrorCode),
        { InnerException: IOException } => DatabaseFaultKind.Disconnected,
        { Message: var text } when text.Contains("No suitable host", StringComparison.Ordinal) => DatabaseFaultKind.NotReady,
        { Message: var text } when text.Contains("SSL", StringComparison.Ordinal) => DatabaseFaultKind.Tls,
        { Message: var text } when text.Contains("password", StringComparison.OrdinalIgnoreCase) => DatabaseFaultKind.Authentication,
        { Message: var text } when text.Contains("pool has been exhausted", StringComparison.Ordinal) =>
            DatabaseFaultKind.TooManyConnections,
        _ => DatabaseFaultKind.Statement,
    };

    private static DatabaseFaultKind KindOf(SocketError error) => error switch
    {
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery => DatabaseFaultKind.Unresolved,
        SocketError.TimedOut => DatabaseFaultKind.NoAnswer,
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => DatabaseFaultKind.Disconnected,
        _ => DatabaseFaultKind.Refused,
    };

    private static DatabaseFaultKind KindOf(string sqlState) => sqlState switch
    {
        "28P01" or "28000" => DatabaseFaultKind.Authentication,
        "3D000" => DatabaseFaultKind.NoDatabase,

        // 3F000: no schema of the search_path is one that the role may use.
        "42501" or "3F000" => DatabaseFaultKind.NoRight,
        "25006" => DatabaseFaultKind.ReadOnly,
        "53300" => DatabaseFaultKind.TooManyConnections,
        "57P03" => DatabaseFaultKind.NotReady,
        "57P01" or "57P02" or "57P05" or "08006" or "08003" => DatabaseFaultKind.Disconnected,
        "55P03" or "40P01" or "40001" => DatabaseFaultKind.Lock,
        "57014" or "25P03" => DatabaseFaultKind.Slow,
        "53100" or "53200" => DatabaseFaultKind.Full,
        _ => DatabaseFaultKind.Statement,
    };

    // https://www.sqlite.org/rescode.html
    private static DatabaseFaultKind KindOf(int sqliteCode) => sqliteCode switch
    {
        3 or 10 or 14 => DatabaseFaultKind.Path,
        5 or 6 => DatabaseFaultKind.Lock,
        8 => DatabaseFaultKind.ReadOnly,
        13 => DatabaseFaultKind.Full,
        11 or 26 => DatabaseFaultKind.NotADatabase,
        _ => DatabaseFaultKind.Statement,
    };
}
