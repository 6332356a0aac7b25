using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Schema;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Fixtures.Databases;

/// <summary>
/// One migrated database for a test class (<c>IClassFixture</c>), cloned from a template on the run's server. Where there is no PostgreSQL,
/// <see cref="IsAvailable"/> is false, the reason has been printed and the class's tests return; under <c>CI=true</c> that is a failure.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);
    private static readonly SemaphoreSlim Cloning = new(1, 1);
    private readonly List<string> _databases = [];
    private string? _connectionString;

    public bool IsAvailable => _connectionString is not null;

    /// <summary>Npgsql form.</summary>
    public string ConnectionString =>
        _connectionString ?? throw new InvalidOperationException("There is no PostgreSQL; ask IsAvailable first.");

    /// <summary><c>postgres://user:password@127.0.0.1:port/database</c>.</summary>
    public string Url => UrlOf(ConnectionString);

    public static string UrlOf(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var password = settings.Password is { Length: > 0 } secret ? ":" + Uri.EscapeDataString(secret) : "";
        return $"postgres://{Uri.EscapeDataString(settings.Username ?? "")}{password}@{settings.Host}:{settings.Port}/{settings.Database}";
    }

    public async Task InitializeAsync()
    {
        if (PostgresServer.WhyAbsent is { } reason)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
                throw new InvalidOperationException($"PostgreSQL tests must run in CI: {reason}");
            Console.WriteLine($"PostgreSQL tests are left out: {reason}");
            return;
        }

        _connectionString = await CreateDatabaseAsync(migrated: true);
    }

    /// <summary>A further database, migrated or empty; dropped with the fixture.</summary>
    public async Task<string> CreateDatabaseAsync(bool migrated)
    {
        var name = "test_" + Guid.NewGuid().ToString("N");
        var template = migrated ? await Template.Value : "template0";

        // CREATE DATABASE wants the template to itself.
        await Cloning.WaitAsync();
        try
        {
            await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        }
        finally
        {
            Cloning.Release();
        }

        _databases.Add(name);
        return ConnectionTo(name);
    }

    public async Task DisposeAsync()
    {
        foreach (var name in _databases)
            await ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var name = "template_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync($"CREATE DATABASE {name}");
        PostgresServer.AtExit(() => ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)").GetAwaiter().GetResult());
        await using (var provider = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System)
            .AddCertctlPersistence(DatabaseKind.PostgreSql, ConnectionTo(name), 4).BuildServiceProvider())
        {
            await provider.GetRequiredService<IDatabaseMigrator>().MigrateAsync(CancellationToken.None);
        }

        return name;
    }

    private static string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Database = database }.ConnectionString;

    private static async Task ExecuteAsync(string sql)
    {
        await using var dataSource = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Pooling = false }.ConnectionString);
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
