using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures.Databases;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>Whether a new password is to be used.</summary>
public sealed class DatabaseLoginTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("{0}")]
    [InlineData("{0},127.0.0.1:1")]
    [InlineData("127.0.0.1:1,{0}")]
    [InlineData("{0},{0}")]
    public async Task A_password_that_a_server_refuses_is_a_problem_however_many_servers_there_are(string hosts)
    {
        if (!postgres.IsAvailable)
            return;
        var settings = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        settings.Host = string.Format(System.Globalization.CultureInfo.InvariantCulture, hosts, $"{settings.Host}:{settings.Port}");
        settings.Remove("Port");
        var login = new DatabaseLogin(settings.ConnectionString);
        settings.Password = "wrong";

        Assert.Contains("SQLSTATE 28P01", await login.FindProblemAsync(settings.ConnectionString, default), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db;Password=a", "Host=db;Password=b", false)]
    [InlineData("Host=db", "Host=db", false)]
    [InlineData("Host=db", "Host=db;Password=a", true)]
    [InlineData("Host=db;Password=a", "Host=db", true)]
    public void A_password_that_appears_or_ceases_is_told_from_one_that_changes(string before, string after, bool expected) =>
        Assert.Equal(expected, new DatabaseLogin(before).GainsOrLosesPassword(after));

    [Fact]
    public async Task The_present_password_is_not_tried()
    {
        if (!postgres.IsAvailable)
            return;
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "wrong" }.ConnectionString;

        Assert.Null(await new DatabaseLogin(wrong).FindProblemAsync(wrong, default));
    }
}
