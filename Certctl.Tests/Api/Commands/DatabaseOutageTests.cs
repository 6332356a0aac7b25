using System.Net;
using System.Net.Sockets;
using Certctl.Api.Commands;
using Certctl.Api.Configuration.Database;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Schema;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Api.Commands;

/// <summary>Each way in which a database cannot be used, made for real, and what a verb says of it.</summary>
public sealed class DatabaseOutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Setting = "CERTCTL_DATABASE_URL_FILE";
    private const string Password = "hunter2hunter2";

    [Theory]
    [InlineData(
        "Host=127.0.0.1;Port=1;Database=certctl", "127.0.0.1:1 cannot be connected to: Connection refused", "PostgreSQL runs and listens")]
    [InlineData("Host=no-such-host.invalid;Database=certctl", "the host name no-such-host.invalid cannot be resolved", "Check the host in")]
    public async Task A_server_that_cannot_be_reached_is_blamed_on_the_address(string connection, string what, string remedy)
    {
        var said = await SayAsync(Options($"{connection};Username=operator;Password={Password}"));
        Assert.StartsWith($"The database cannot be used: {what}", said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
        Assert.Contains(Setting, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_is_given_up_after_the_bound_of_connecting()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var said = await SayAsync(Options($"Host=127.0.0.1;Port={port};Database=certctl;Username=operator;Password={Password};Timeout=1"));
        Assert.StartsWith($"The database cannot be used: 127.0.0.1:{port} does not answer", said, StringComparison.Ordinal);
        Assert.Contains("connect_timeout", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Password=wrong", "refuses role", "user and password in " + Setting)]
    [InlineData("Username=no-such-role", "refuses role no-such-role", "pg_hba.conf")]
    [InlineData("Database=no-such-database", "has no such database", "createdb --owner=")]
    [InlineData("SSL Mode=Require", "TLS with", "sslmode")]
    public async Task A_server_that_refuses_the_session_is_blamed_on_what_it_says(string change, string what, string remedy)
    {
        if (!postgres.IsAvailable)
            return;
        var said = await SayAsync(Options($"{postgres.ConnectionString};{change}"));
        Assert.StartsWith("The database cannot be used: ", said, StringComparison.Ordinal);
        Assert.Contains(what, said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("REVOKE ALL ON SCHEMA public FROM public", "lacks a right: ", "OWNER TO")]
    [InlineData("REVOKE CREATE ON SCHEMA public FROM public", "lacks a right: ", "OWNER TO")]
    [InlineData("ALTER ROLE {0} SET default_transaction_read_only = on", "is read-only: ", "name the primary in " + Setting)]
    [InlineData("ALTER ROLE {0} CONNECTION LIMIT 0", "has no connection left: ", "CERTCTL_DATABASE_MAX_CONNS")]
    [InlineData(
        "CREATE TABLE \"__EFMigrationsHistory\" (id int); ALTER TABLE \"__EFMigrationsHistory\" OWNER TO {0}",
        "a statement failed: ",
        "The schema is not that of this version")]
    public async Task A_database_that_refuses_the_schema_is_blamed_on_rights_and_state_and_not_on_the_address(
        string sql, string what, string remedy)
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: false);
        var role = "role_" + Guid.NewGuid().ToString("N");
        await using var owner = NpgsqlDataSource.Create(connection);
        await ExecuteAsync(owner, $"CREATE ROLE {role} LOGIN PASSWORD '{Password}'");
        try
        {
            await ExecuteAsync(owner, string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, role));
            if (!sql.StartsWith("REVOKE", StringComparison.Ordinal))
                await ExecuteAsync(owner, $"GRANT ALL ON SCHEMA public TO {role}");
            var said = await SayAsync(
                Options(new NpgsqlConnectionStringBuilder(connection) { Username = role, Password = Password }.ConnectionString));
            Assert.Contains(what, said, StringComparison.Ordinal);
            Assert.Contains(remedy, said, StringComparison.Ordinal);
            Assert.DoesNotContain("host and port", said, StringComparison.Ordinal);
        }
        finally
        {
            await ExecuteAsync(owner, $"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_file_is_blamed_by_its_path_and_never_by_a_setting()
    {
        using var folder = new TemporaryFolder();
        var garbage = Path.Combine(folder.Path, "garbage.db");
        await File.WriteAllTextAsync(garbage, new string('x', 8192));
        var occupied = Path.Combine(folder.Path, "occupied");
        await File.WriteAllTextAsync(occupied, "");
        (string Path, string What)[] cases =
        [
            ("/nonexistent/certctl.db", "/nonexistent/certctl.db cannot be opened"),
            (Path.Combine(occupied, "certctl.db"), "cannot be opened"),
            (folder.Path, "cannot be opened"),
            (garbage, $"{garbage} is no SQLite database"),
        ];
        foreach (var (path, what) in cases)
        {
            var said = await SayAsync(new DatabaseOptions(DatabaseProvider.Sqlite, new Secret($"Data Source={path}"), 4));
            Assert.Contains(what, said, StringComparison.Ordinal);
            Assert.DoesNotContain("CERTCTL_", said, StringComparison.Ordinal);
            Assert.DoesNotContain("setting", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("57P03", DatabaseFaultKind.NotReady)]
    [InlineData("57P01", DatabaseFaultKind.Disconnected)]
    [InlineData("55P03", DatabaseFaultKind.Lock)]
    [InlineData("40P01", DatabaseFaultKind.Lock)]
    [InlineData("57014", DatabaseFaultKind.Slow)]
    [InlineData("53100", DatabaseFaultKind.Full)]
    [InlineData("28000", DatabaseFaultKind.Authentication)]
    [InlineData("23505", DatabaseFaultKind.Statement)]
    public void A_state_that_cannot_be_made_at_will_is_told_apart_by_its_code(string state, DatabaseFaultKind kind) =>
        Assert.Equal(kind, DatabaseFault.KindOf(new PostgresException("as the server says it", "ERROR", "ERROR", state)));

    [Theory]
    [InlineData(5, DatabaseFaultKind.Lock)]
    [InlineData(8, DatabaseFaultKind.ReadOnly)]
    [InlineData(13, DatabaseFaultKind.Full)]
    [InlineData(14, DatabaseFaultKind.Path)]
    [InlineData(26, DatabaseFaultKind.NotADatabase)]
    public void A_fault_of_a_file_is_told_apart_by_its_code(int code, DatabaseFaultKind kind) =>
        Assert.Equal(kind, DatabaseFault.KindOf(new Microsoft.Data.Sqlite.SqliteException("as the library says it", code)));

    [Theory]
    [InlineData("0A000", "extension \"pg_trgm\" is not available", DatabaseFaultKind.NoExtension)]
    [InlineData("58P01", "could not open extension control file", DatabaseFaultKind.NoExtension)]
    [InlineData("0A000", "cached plan must not change result type", DatabaseFaultKind.Statement)]
    public void A_missing_extension_is_told_from_what_else_is_not_supported(string state, string text, DatabaseFaultKind kind) =>
        Assert.Equal(kind, DatabaseFault.KindOf(new PostgresException(text, "ERROR", "ERROR", state)));

    [Fact]
    public void What_the_driver_finds_by_itself_is_told_apart_by_what_it_wraps()
    {
        (NpgsqlException Fault, DatabaseFaultKind Kind)[] cases =
        [
            (new("Exception while reading from stream", new TimeoutException("Timeout during reading attempt")), DatabaseFaultKind.Slow),
            (new("Failed to connect to 10.0.0.1:5432", new TimeoutException("The operation has timed out.")), DatabaseFaultKind.NoAnswer),
            (new("Exception while reading from stream", new EndOfStreamException()), DatabaseFaultKind.Disconnected),
            (
                new(
                    "Exception while reading from stream",
                    new IOException("broken", new SocketException((int)SocketError.ConnectionReset))),
                DatabaseFaultKind.Disconnected),
            (
                new("Exception while performing SSL handshake", new System.Security.Authentication.AuthenticationException("not trusted")),
                DatabaseFaultKind.Tls),
            (new("No password has been provided but the backend requires one (in SASL/SCRAM-SHA-256)"), DatabaseFaultKind.Authentication),
            (
                new("The connection pool has been exhausted, either raise 'Max Pool Size' (currently 3)"),
                DatabaseFaultKind.TooManyConnections),
            (new("No suitable host was found."), DatabaseFaultKind.NotReady),
            (Several(Away(SocketError.ConnectionRefused), Told("57P03")), DatabaseFaultKind.NotReady),
            (Several(Away(SocketError.ConnectionRefused), new NpgsqlException("b", new TimeoutException())), DatabaseFaultKind.NoAnswer),
            (Several(Away(SocketError.ConnectionRefused), Told("28P01")), DatabaseFaultKind.Authentication),
            (Several(Away(SocketError.HostNotFound), Away(SocketError.ConnectionRefused)), DatabaseFaultKind.Unresolved),
            (
                new(
                    "Unable to connect to a suitable host",
                    new AggregateException(new NpgsqlException("a", new SocketException((int)SocketError.ConnectionRefused)))),
                DatabaseFaultKind.Refused),
        ];
        Assert.All(cases, each => Assert.Equal(each.Kind, DatabaseFault.KindOf(each.Fault)));

        static NpgsqlException Several(params Exception[] faults) =>
            new("Unable to connect to a suitable host", new AggregateException(faults));
        static NpgsqlException Away(SocketError error) => new("Failed to connect", new SocketException((int)error));
        static PostgresException Told(string state) => new("as the server says it", "FATAL", "FATAL", state);
    }

    [Theory]
    [InlineData("20261125210758_Initial", "an earlier build made its schema: ", "create a new, empty database (createdb --owner=")]
    [InlineData("99990101000000_Initial", "a later or another build made its schema: ", "Run the build that migrated it")]
    public async Task A_schema_of_another_build_is_blamed_on_the_build(string name, string what, string remedy)
    {
        if (!postgres.IsAvailable)
            return;
        var connection = await postgres.CreateDatabaseAsync(migrated: true);
        await using (var source = NpgsqlDataSource.Create(connection))
        {
            await ExecuteAsync(source, "DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" NOT LIKE '%_Initial'");
            await ExecuteAsync(source, $"UPDATE \"__EFMigrationsHistory\" SET \"MigrationId\" = '{name}'");
        }
        var said = await SayAsync(Options(connection));
        Assert.StartsWith(
            $"The database cannot be used: {what}__EFMigrationsHistory holds {name}, which this build does not know. ",
            said,
            StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
    }

    private static DatabaseOptions Options(string connection) =>
        new(DatabaseProvider.PostgreSql, new Secret(new NpgsqlConnectionStringBuilder(connection).ConnectionString), 4)
        {
            Setting = Setting,
        };

    private static async Task<string> SayAsync(DatabaseOptions options)
    {
        await using var services = Database.Open(options);
        var said = await Database.TryAsync(
            options, () => services.GetRequiredService<IDatabaseMigrator>().MigrateAsync(CancellationToken.None));
        Assert.NotNull(said);
        Assert.DoesNotContain(Password, said, StringComparison.Ordinal);
        return said;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
