using System.Globalization;
using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures.Databases;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>So many certificates for one device in 24 hours, over all processes.</summary>
public sealed class DeviceBudgetTests(BudgetServers shared) : IClassFixture<BudgetServers>
{
    [Fact]
    public async Task The_fourth_enrolment_is_refused_and_told_when_the_next_is_allowed()
    {
        if (shared.Servers is not { } servers)
            return;
        var began = DateTimeOffset.UtcNow;
        for (var i = 0; i < 3; i++)
        {
            var (device, message) = servers.Request(servers.Connector.For("eager"), "eager", i);
            (await servers.Wire(i).SendAsync(message)).Issued(device);
        }

        var answer = (await servers.One.SendAsync(servers.Request(servers.Connector.For("eager"), "eager", 3).Message)).MustFail("2");
        var from = DateTimeOffset.Parse(
            answer.FailInfoText[(answer.FailInfoText.LastIndexOf(' ') + 1)..].TrimEnd('.'),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal);
        Assert.InRange(from, began.AddHours(24).AddSeconds(-2), DateTimeOffset.UtcNow.AddHours(24).AddSeconds(2));
        Assert.StartsWith(FailureTable.Of(FailureReason.RateLimited).PublicText, answer.FailInfoText, StringComparison.Ordinal);

        // Another device is another budget.
        var (neighbour, other) = servers.Request(servers.Connector.For("neighbour"), "neighbour");
        (await servers.One.SendAsync(other)).Issued(neighbour);
    }

    [Fact]
    public async Task Of_four_in_parallel_through_both_processes_three_are_issued_and_the_fourth_keeps_its_challenge()
    {
        if (shared.Servers is not { } servers)
            return;
        var used = await servers.CountAsync("SELECT COUNT(*) FROM challenge_uses");
        for (var round = 0; round < 5; round++)
        {
            var name = $"device-{round}";
            var requests = Enumerable.Range(0, 4).Select(i => servers.Request(servers.Connector.For(name), name, i)).ToList();
            var answers = await Task.WhenAll(requests.Select((request, i) => Task.Run(() => servers.Wire(i).SendAsync(request.Message))));
            Assert.Equal(3, answers.Count(answer => answer.Status == "0"));
            Assert.StartsWith(
                FailureTable.Of(FailureReason.RateLimited).PublicText,
                Assert.Single(answers, answer => answer.Status == "2").FailInfoText,
                StringComparison.Ordinal);
        }

        Assert.Equal(15, await servers.CountAsync("SELECT COUNT(*) FROM certificates WHERE common_name LIKE 'device-%'"));
        Assert.Equal(15, await servers.CountAsync("SELECT COUNT(*) FROM challenge_uses") - used);
    }
}

/// <summary>Two processes for the tests of this class; null where there is no PostgreSQL.</summary>
public sealed class BudgetServers : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();

    internal IntuneServers? Servers { get; private set; }

    public async Task InitializeAsync()
    {
        await _postgres.InitializeAsync();
        if (_postgres.IsAvailable)
            Servers = await IntuneServers.StartAsync(_postgres);
    }

    public async Task DisposeAsync()
    {
        if (Servers is not null)
            await Servers.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
