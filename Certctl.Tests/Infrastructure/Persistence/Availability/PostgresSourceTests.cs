using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Lists;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>What stands in the connection string stays; what does not is chosen by the deadline.</summary>
public sealed class PostgresSourceTests
{
    [Theory]
    [InlineData("Host=a", 10, 10, 11)]
    [InlineData("Host=a", 60, 15, 61)]
    [InlineData("Host=a,b", 10, 3, 11)]
    [InlineData("Host=a;Command Timeout=0", 10, 10, 0)]
    [InlineData("Host=a;Timeout=7;Command Timeout=3", 10, 7, 3)]
    public void Bounds_are_those_given_else_of_the_deadline(string given, int deadline, int connect, int command)
    {
        var settings = PostgresSource.Settings(given, TimeSpan.FromSeconds(deadline));

        Assert.Equal((connect, command), (settings.Timeout, settings.CommandTimeout));
    }

    [Theory]
    [InlineData("Host=a", 60)]
    [InlineData("Host=a;Command Timeout=0", 0)]
    [InlineData("Host=a;Command Timeout=90", 90)]
    public async Task The_statements_of_lists_have_a_minute_where_others_have_a_bound(string given, int seconds)
    {
        await using var provider = Provider(DatabaseKind.PostgreSql, given);

        var lists = provider.GetRequiredKeyedService<NpgsqlDataSource>(nameof(ListContexts));

        Assert.Equal(seconds, new NpgsqlConnectionStringBuilder(lists.ConnectionString).CommandTimeout);
    }

    [Theory]
    [InlineData("Data Source=unused.db", 10)]
    [InlineData("Data Source=unused.db;Default Timeout=0", 0)]
    [InlineData("Data Source=unused.db;Command Timeout=4", 4)]
    public async Task A_bound_that_is_given_for_SQLite_stays(string given, int seconds)
    {
        await using var provider = Provider(DatabaseKind.Sqlite, given);
        await using var db = await provider.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();

        Assert.Equal(seconds, new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(db.Database.GetConnectionString()).DefaultTimeout);
    }

    private static ServiceProvider Provider(DatabaseKind kind, string given) => new ServiceCollection()
        .AddSingleton(TimeProvider.System).AddLogging().AddCertctlPersistence(kind, given, 16).BuildServiceProvider();
}
