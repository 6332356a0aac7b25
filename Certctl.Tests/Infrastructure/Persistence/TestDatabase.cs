using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Repositories;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>
/// A process's view of a database: everything that composition registers, with clocks to turn: the process's own and, on PostgreSQL, the
/// database's apart from it, by a statement_timestamp() that is found before the server's.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>With sub-microseconds, which neither database keeps.</summary>
    public static readonly DateTimeOffset Start = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    private const string ClockSchema = "clock";

    private readonly ServiceProvider _provider;
    private readonly DatabaseKind _kind;

    public TestDatabase(DatabaseKind kind, string connectionString)
    {
        _kind = kind;
        ConnectionString = connectionString;
        _provider = new ServiceCollection()
            .AddSingleton<TimeProvider>(Clock)
            .AddLogging(logging => logging.AddProvider(new ListLogger(Log)))
            .AddCertctlPersistence(kind, connectionString, 16)
            .BuildServiceProvider();
    }

    public string ConnectionString { get; }

    public DatabaseKind Kind => _kind;

    public FakeTimeProvider Clock { get; } = new(Start);

    public List<string> Log { get; } = [];

    public IEnrolmentJournal Journal => Get<IEnrolmentJournal>();

    public IEnrolmentRepository Enrolments => Get<IEnrolmentRepository>();

    public ICertificateProfileRepository Profiles => Get<ICertificateProfileRepository>();

    public EfAuditRepository Audit => Get<EfAuditRepository>();

    public IDatabaseMigrator Migrator => Get<IDatabaseMigrator>();

    public CertctlDbContext Open() => Get<IDbContextFactory<CertctlDbContext>>().CreateDbContext();

    public IServiceProvider Services => _provider;

    public T Get<T>()
        where T : notnull => _provider.GetRequiredService<T>();

    /// <summary>Turns the clock of this process and the database's.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        Clock.Advance(by);
        await SetTimeAsync(Clock.GetUtcNow());
    }

    /// <summary>Sets the database's clock alone; SQLite has none.</summary>
    public async Task SetTimeAsync(DateTimeOffset now)
    {
        if (_kind == DatabaseKind.Sqlite)
            return;
        await using var connection = new Npgsql.NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand($"""
            CREATE SCHEMA IF NOT EXISTS {ClockSchema};
            CREATE TABLE IF NOT EXISTS {ClockSchema}.face (now timestamptz);
            CREATE OR REPLACE FUNCTION {ClockSchema}.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
                AS 'SELECT now FROM {ClockSchema}.face';
            DELETE FROM {ClockSchema}.face;
            INSERT INTO {ClockSchema}.face VALUES ('{now.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00')
            """, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The connection string of a database whose clock can be set.</summary>
    public static string WithClock(string connectionString) =>
        new Npgsql.NpgsqlConnectionStringBuilder(connectionString) { SearchPath = $"public,{ClockSchema},pg_catalog" }.ConnectionString;

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private sealed class ListLogger(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            lock (lines)
                lines.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
