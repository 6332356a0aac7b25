using System.Net;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Outages;

/// <summary>RFC 8894 leaves outages to HTTP: a CertRep would be a decision that a device takes as final.</summary>
public sealed class OutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    [Trait("Conformance", "S-F7")]
    [Trait("Conformance", "A-12")]
    public async Task While_the_database_is_away_every_message_gets_503_and_afterwards_its_certificate()
    {
        if (!postgres.IsAvailable)
            return;
        var direct = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        await using var gate = new TcpGate(direct.Host!, direct.Port);
        await using var host = await CertctlHost.StartAsync(
            new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Port = gate.Port }.ConnectionString);
        using var wire = host.Connect();
        var ra = await wire.RecipientAsync();
        var requests = Enumerable.Range(0, 6)
            .Select(i => LoadDevice.Request(ra, i % 2 == 0 ? host.Challenge : "not the challenge", $"outage-{i}")).ToList();

        await gate.ShutAsync();
        foreach (var (_, message) in requests)
        {
            using var answer = await wire.PostAsync(message);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(30), answer.Headers.RetryAfter?.Delta);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal("""{"status":"healthy"}""", await wire.Http.GetStringAsync(new Uri(host.Url, "/health")));
        using (var ready = await wire.Http.GetAsync(new Uri(host.Url, "/ready")))
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, """{"status":"db_unavailable"}"""),
                (ready.StatusCode, await ready.Content.ReadAsStringAsync()));

        gate.Open();
        for (var i = 0; i < requests.Count; i++)
        {
            var reply = await wire.SendAsync(requests[i].Message);
            if (i % 2 == 0)
                reply.Issued(requests[i].Device);
            else
                reply.MustFail("2");
        }

        // The last "no" is believed for a second (DatabaseReadiness), and six replies may take less.
        Assert.StartsWith("""{"status":"ready","db":"reachable",""", await wire.ReadyAsync(), StringComparison.Ordinal);
        Assert.Equal(3, await new RowCounter(postgres.ConnectionString, "").CountAsync("SELECT COUNT(*) FROM certificates"));
    }

    [Fact]
    [Trait("Conformance", "S-S6")]
    [Trait("Conformance", "Z-11")]
    public async Task Two_servers_on_one_database_give_one_certificate_for_one_request()
    {
        if (!postgres.IsAvailable)
            return;
        var database = await postgres.CreateDatabaseAsync(migrated: true);
        await using var first = await CertctlHost.StartAsync(database);
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var one = first.Connect();
        using var other = new ScepWire(second.Url, first.CaFile);
        var ra = await one.RecipientAsync();
        var requests = Enumerable.Range(0, 10).Select(i => LoadDevice.Request(ra, first.Challenge, $"twin-{i}")).ToList();

        await Task.WhenAll(requests.Select(async request =>
        {
            var serials = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
                (await (i % 2 == 0 ? one : other).SendAsync(request.Message)).Issued(request.Device).SerialNumber));
            Assert.Single(serials.Distinct());
        }));

        Assert.Equal(10, await new RowCounter(database, "").CountAsync("SELECT COUNT(*) FROM certificates"));
        Assert.Equal(10, await new RowCounter(database, "").CountAsync("SELECT COUNT(*) FROM audit_events WHERE outcome = 'Issued'"));

        // What one issued, the other renews.
        var (device, message) = requests[0];
        var renewing = device.With((await one.SendAsync(message)).Issued(device));
        var renewal = await other.RequestAsync(renewing.Csr("CN=twin-0", challenge: null), renewing);
        (await other.SendAsync(renewal.Build())).Issued(renewing);
    }
}
