using System.Net;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>More requests than the server takes on at once, because its database does not get on with them.</summary>
public sealed class OverloadTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    [Trait("Conformance", "S-F8")]
    [Trait("Conformance", "S-H6")]
    public async Task Who_comes_beyond_the_limit_is_told_to_come_again_and_is_served_then()
    {
        if (!postgres.IsAvailable)
            return;
        var direct = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        await using var gate = new TcpGate(direct.Host!, direct.Port);
        await using var host = await CertctlHost.StartAsync(
            new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Port = gate.Port }.ConnectionString,
            ("CERTCTL_SERVER_MAX_IN_FLIGHT", "3"));
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();
        var (warm, first) = LoadDevice.Request(ra, host.Challenge, "warm");
        (await wire.SendAsync(first)).Issued(warm);
        var requests = Enumerable.Range(0, 4).Select(i => LoadDevice.Request(ra, host.Challenge, $"crowd {i}")).ToList();

        gate.Stall();
        var answers = requests.Select(request => wire.PostAsync(request.Message)).ToList();
        using var refused = await await Task.WhenAny(answers);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("Too many requests at once.\n", await refused.Content.ReadAsStringAsync());
        Assert.Equal(TimeSpan.FromSeconds(30), refused.Headers.RetryAfter?.Delta);
        await host.LoggedAsync("3 requests of devices are under way");

        // What costs nothing is answered meanwhile.
        Assert.Equal(4, answers.Count(answer => !answer.IsCompleted) + 1);
        Assert.NotEmpty(await wire.CaCertificatesAsync());

        gate.Flow();
        foreach (var answer in await Task.WhenAll(answers))
            answer.Dispose();
        foreach (var (device, message) in requests)
            (await wire.SendAsync(message)).Issued(device);
    }
}
