using System.Globalization;
using Certctl.Api.Configuration.Database;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Measure;

/// <summary>What <c>./seed.sh</c> runs: the fleet of the measurements, in a database for manual inspection.</summary>
public sealed class SeedTool(ITestOutputHelper output)
{
    [Fact]
    [Trait("Category", "Measure")]
    public async Task An_empty_database_gets_a_year_of_a_fleet()
    {
        if (Environment.GetEnvironmentVariable("CERTCTL_SEED_DATABASE_URL") is not { Length: > 0 } url)
        {
            output.WriteLine("Left out: ./seed.sh says which database.");
            return;
        }

        var problems = new List<string>();
        var database = DatabaseUrl.Parse(url, 4, problems);
        Assert.Empty(problems);
        await using var source = NpgsqlDataSource.Create(database!.ConnectionString.Reveal());
        await using var command = source.CreateCommand("SELECT (SELECT count(*) FROM (SELECT FROM certificates LIMIT 1) c) "
            + "+ (SELECT count(*) FROM (SELECT FROM audit_events LIMIT 1) a)");
        Assert.True(
            (long)(await command.ExecuteScalarAsync())! == 0, "Certificates or events are in this database already: it may be in use.");

        var (certificates, events) = ListSeed.Sizes();
        await new ListSeed(TimeProvider.System.GetUtcNow(), certificates, events).FillAsync(database.ConnectionString.Reveal());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{certificates} certificates, {events} events"));
    }
}
