using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>Where the tests of a class find databases: each test gets its own.</summary>
public interface IDatabases
{
    internal DatabaseKind Kind { get; }

    internal bool IsAvailable { get; }

    internal Task<string> CreateAsync(bool migrated);
}

public sealed class PostgresDatabases : IDatabases, IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();

    DatabaseKind IDatabases.Kind => DatabaseKind.PostgreSql;

    bool IDatabases.IsAvailable => _postgres.IsAvailable;

    public Task InitializeAsync() => _postgres.InitializeAsync();

    public Task DisposeAsync() => _postgres.DisposeAsync();

    Task<string> IDatabases.CreateAsync(bool migrated) => _postgres.CreateDatabaseAsync(migrated);
}

public sealed class SqliteDatabases : IDatabases, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certctl-sqlite-").FullName;

    DatabaseKind IDatabases.Kind => DatabaseKind.Sqlite;

    bool IDatabases.IsAvailable => true;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    async Task<string> IDatabases.CreateAsync(bool migrated)
    {
        var connectionString = $"Data Source={Path.Combine(_folder, Guid.NewGuid().ToString("N"))}.db";
        if (migrated)
        {
            await using var database = new TestDatabase(DatabaseKind.Sqlite, connectionString);
            await database.Migrator.MigrateAsync(CancellationToken.None);
        }

        return connectionString;
    }
}

/// <summary>A test body that runs on either database.</summary>
public abstract class PersistenceTests(IDatabases databases)
{
    /// <summary>False where PostgreSQL is absent (the fixture has said why); never in CI.</summary>
    internal bool IsAvailable => databases.IsAvailable;

    internal DatabaseKind Kind => databases.Kind;

    internal async Task<TestDatabase> OpenAsync(bool migrated = true)
    {
        var connectionString = await databases.CreateAsync(migrated);
        if (!migrated || databases.Kind == DatabaseKind.Sqlite)
            return new(databases.Kind, connectionString);
        var database = new TestDatabase(databases.Kind, TestDatabase.WithClock(connectionString));
        await database.SetTimeAsync(TestDatabase.Start);
        return database;
    }

    /// <summary>A second process on the same database.</summary>
    internal TestDatabase OpenBeside(TestDatabase first) => new(databases.Kind, first.ConnectionString);

    internal TestDatabase OpenUnreachable() => new(
        databases.Kind,
        databases.Kind == DatabaseKind.PostgreSql
            ? "Host=127.0.0.1;Port=1;Username=nobody;Timeout=2"
            : "Data Source=/nonexistent/certctl.db");
}
