using System.Data.Common;
using Certctl.Api.Configuration.Database;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Commands;

/// <summary>
/// Says why a database cannot be used, and what to do about it. A setting is named only where it may be the cause, and only if the operator
/// has set it.
/// </summary>
internal sealed class DatabaseOutage
{
    private const string NoWay = "No migration leads from it to this version";
    private const string Export = "What you still need from it, export first with the build that made it.";
    private const string LaterBuild = "Run the build that migrated it, or restore a backup that was made before.";

    private readonly bool _isFile;
    private readonly string _place;
    private readonly string _host;
    private readonly string _database;
    private readonly string _role;
    private readonly string _setting;

    public DatabaseOutage(DatabaseOptions options)
    {
        var values = new DbConnectionStringBuilder { ConnectionString = options.ConnectionString.Reveal() };
        _isFile = options.Provider == DatabaseProvider.Sqlite;
        _host = Value("Host", "the host");
        _place = _isFile ? Value("Data Source", "the file") : $"{_host}:{Value("Port", "5432")}";
        _database = Value("Database", "the database");
        _role = Value("Username", "the role");
        _setting = options.Setting ?? "the settings";

        string Value(string key, string otherwise) => values.TryGetValue(key, out var value) ? (string)value : otherwise;
    }

    public string Describe(DbException fault)
    {
        var kind = DatabaseFault.KindOf(fault);
        var (what, remedy) = _isFile ? DescribeFile(kind, fault) : DescribeServer(kind, fault);
        return $"The database cannot be used: {what}. {remedy}";
    }

    private (string What, string Remedy) DescribeServer(DatabaseFaultKind kind, DbException fault) => kind switch
    {
        DatabaseFaultKind.Unresolved => ($"the host name {_host} cannot be resolved: {Innermost(fault)}",
            $"Check the host in {_setting}, and the name servers of this machine."),
        DatabaseFaultKind.Refused => ($"{_place} cannot be connected to: {Innermost(fault)}",
            $"Check host and port in {_setting}, and that PostgreSQL runs and listens there."),
        DatabaseFaultKind.NoAnswer => (
            $"{_place} does not answer: {Innermost(fault)}",
            $"Check host and port in {_setting}, the firewalls on the way, and whether PostgreSQL hangs; "
                + "connect_timeout in it allows for more time."),
        DatabaseFaultKind.NotReady =>
            ($"{_place} takes no connections yet: {Said(fault)}", "Try again when PostgreSQL has finished its start or recovery."),
        DatabaseFaultKind.Tls => ($"TLS with {_place} failed: {Innermost(fault)}",
            $"Check sslmode, sslrootcert, sslcert and sslkey in {_setting}, and ssl and the certificate of the server."),
        DatabaseFaultKind.Authentication =>
            ($"{_place} refuses role {_role}: {Said(fault)}", $"Check user and password in {_setting}, and pg_hba.conf of the server."),
        DatabaseFaultKind.NoDatabase => ($"{_place} has no such database: {Said(fault)}",
            $"Create it (createdb --owner={_role} {_database}), or correct the name in {_setting}."),
        DatabaseFaultKind.NoRight => (
            $"role {_role} lacks a right: {Said(fault)}",
            $"The role must own database {_database} and what is in it: ALTER DATABASE {_database} OWNER TO {_role}; "
                + "an extension that it may not create is created by a superuser."),
        DatabaseFaultKind.ReadOnly => ($"{_place} is read-only: {Said(fault)}",
            $"It is a standby, or default_transaction_read_only is on: name the primary in {_setting}."),
        DatabaseFaultKind.TooManyConnections => ($"{_place} has no connection left: {Said(fault)}",
            "Raise max_connections of the server or the limit of the role, or lower CERTCTL_DATABASE_MAX_CONNS."),
        DatabaseFaultKind.Lock => ($"a lock of another session ended a statement: {Said(fault)}",
            "Run it again; pg_locks and pg_stat_activity show who holds locks."),
        DatabaseFaultKind.Slow => ($"a statement was ended after its time: {Said(fault)}",
            $"See statement_timeout of role {_role} and of database {_database}, and pg_stat_activity for a session that holds a lock."),
        DatabaseFaultKind.Disconnected => ($"the connection to {_place} broke: {Innermost(fault)}",
            "See the log of PostgreSQL, and run it again: what was finished stays."),
        DatabaseFaultKind.Full => ($"{_place} is full: {Said(fault)}",
            "Free disk space on the PostgreSQL server and run the command again; finished steps are kept."),
        DatabaseFaultKind.NoExtension => (
            $"{_place} lacks an extension: {Said(fault)}",
            "Install PostgreSQL's contrib modules on the server (Debian: postgresql-contrib; most images have them)."),
        DatabaseFaultKind.EarlierSchema => (
            Said(fault),
            $"{NoWay}: create a new, empty database (createdb --owner={_role} NAME) and name it in {_setting}. {Export}"),
        DatabaseFaultKind.LaterSchema => (Said(fault), LaterBuild),
        DatabaseFaultKind.Path or DatabaseFaultKind.NotADatabase or DatabaseFaultKind.Statement => DescribeStatement(fault),
    };

    private (string What, string Remedy) DescribeFile(DatabaseFaultKind kind, DbException fault) => kind switch
    {
        DatabaseFaultKind.Path => ($"{_place} cannot be opened: {Said(fault)}",
            "Its folder must exist, and folder and file must belong to the user of this process."),
        DatabaseFaultKind.NotADatabase =>
            ($"{_place} is no SQLite database, or is damaged: {Said(fault)}", "Restore it from a backup, or choose another file."),
        DatabaseFaultKind.ReadOnly =>
            ($"{_place} cannot be written: {Said(fault)}", "File, folder and file system must be writable for the user of this process."),
        DatabaseFaultKind.Lock =>
            ($"another process holds a lock on {_place}: {Said(fault)}", $"Run it again; fuser {_place} names the process."),
        DatabaseFaultKind.Full =>
            ($"the disk is full: {_place}: {Said(fault)}", "Free disk space and run the command again; finished steps are kept."),
        DatabaseFaultKind.EarlierSchema => (
            Said(fault),
            $"{NoWay}: move {_place} to another place, with its -wal and -shm files, and a new one is made. {Export}"),
        DatabaseFaultKind.LaterSchema => (Said(fault), LaterBuild),
        _ => DescribeStatement(fault),
    };

    private static (string What, string Remedy) DescribeStatement(DbException fault) => (
        $"a statement failed: {Said(fault)}",
        DatabaseFault.IsOtherSchema(fault)
            ? "The schema is not that of this version; see: certctl doctor"
            : "The log of the database tells more.");

    // The driver's own sentences, which hold neither a password nor values of rows.
    private static string Said(Exception fault) =>
        string.Join(' ', fault.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static string Innermost(Exception fault) => fault is AggregateException { InnerExceptions: [var first, ..] } ? Innermost(first)
        : fault.InnerException is { } inner ? Innermost(inner)
        : Said(fault);
}
