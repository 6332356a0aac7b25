using Certctl.Application.Enrolment;
using Certctl.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>A process's view of a database: everything that composition registers, with a clock to turn.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>With sub-microseconds, which neither database keeps.</summary>
    public static readonly DateTimeOffset Start = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    private readonly ServiceProvider _provider;

    public TestDatabase(DatabaseKind kind, string connectionString)
    {
        ConnectionString = connectionString;
        _provider = new ServiceCollection()
            .AddSingleton<TimeProvider>(Clock)
            .AddLogging(logging => logging.AddProvider(new ListLogger(Log)))
            .AddCertctlPersistence(kind, connectionString, 16)
            .BuildServiceProvider();
    }

    public string ConnectionString { get; }

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

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private sealed class ListLogger(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
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
