using System.Net;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures.Databases;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>
/// One signed challenge, many connections, two processes: the journal's commit lets one CSR through, whatever happens to the processes.
/// </summary>
public sealed class ReplayRaceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Connections = 50;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "J-6")]
    [Trait("Conformance", "A-30")]
    public async Task One_of_fifty_CSRs_and_fifty_times_one_CSR_get_a_certificate_also_when_a_process_dies_and_restarts(bool oneDies)
    {
        if (!postgres.IsAvailable)
            return;
        await using var servers = await IntuneServers.StartAsync(postgres);
        var token = servers.Connector.For("racer");
        var requests = Enumerable.Range(0, Connections).Select(i => servers.Request(token, "racer", i)).ToList();
        var (device, message) = servers.Request(servers.Connector.For("twin"), "twin");
        List<byte[]> messages = [.. requests.Select(request => request.Message), .. Enumerable.Repeat(message, Connections)];

        var answers = await RaceAsync(servers, messages, oneDies);
        var winner = MustHaveOneWinner(answers[..Connections]);
        var issued = answers[winner]!.Issued(requests[winner].Device);
        var twin = Assert.Single(answers[Connections..].Select(answer => answer!.Issued(device).SerialNumber).Distinct());
        await MustBeOneEachAsync(servers);

        await RestartAsync(servers, oneDies);
        var again = await RaceAsync(servers, messages, killOne: false);
        Assert.Equal(winner, MustHaveOneWinner(again[..Connections]));
        Assert.Equal(issued.RawData, again[winner]!.Issued(requests[winner].Device).RawData);
        Assert.Equal([twin], again[Connections..].Select(answer => answer!.Issued(device).SerialNumber).Distinct());
        await MustBeOneEachAsync(servers);
        Assert.Equal(
            1,
            await servers.CountAsync("SELECT COUNT(*) FROM audit_events WHERE outcome = 'Issued' AND action = 'scep_pkcsreq_intune' "
                + "AND subject LIKE '%racer%'"));
    }

    private static async Task MustBeOneEachAsync(IntuneServers servers)
    {
        Assert.Equal(2, await servers.CountAsync("SELECT COUNT(*) FROM certificates"));
        Assert.Equal(2, await servers.CountAsync("SELECT COUNT(DISTINCT common_name) FROM certificates"));
    }

    // What died with the second process is sent to the first, as a device does that got no reply.
    private static async Task<CertRepReading?[]> RaceAsync(IntuneServers servers, List<byte[]> messages, bool killOne)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var race = Task.WhenAll(messages.Select((message, i) => Task.Run(async () =>
        {
            try
            {
                var answer = await AnsweredAsync(servers.Wire(i), message);
                started.TrySetResult();
                return answer;
            }
            catch (HttpRequestException) when (killOne && servers.Wire(i) == servers.Other)
            {
                return null;
            }
        })));
        if (killOne)
        {
            await Task.WhenAny(started.Task, race);
            await servers.Second.KillAsync();
        }

        var answers = await race;
        for (var i = 0; i < answers.Length; i++)
            answers[i] ??= await AnsweredAsync(servers.One, messages[i]);
        return answers!;
    }

    // As a device does: a busy server says 503 with Retry-After, and is asked again.
    private static async Task<CertRepReading> AnsweredAsync(ScepWire wire, byte[] message)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            using (var answer = await wire.PostAsync(message))
            {
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                    return CertRepReading.Of(await answer.Content.ReadAsByteArrayAsync());
                }
            }

            await Task.Delay(200, patience.Token);
        }
    }

    private static int MustHaveOneWinner(CertRepReading?[] answers)
    {
        var winner = Assert.Single(Enumerable.Range(0, answers.Length), i => answers[i]!.Status == "0");
        Assert.All(answers.Where((_, i) => i != winner), answer => answer!.MustFail(FailureReason.ChallengeReplayed));
        return winner;
    }

    private static async Task RestartAsync(IntuneServers servers, bool secondIsDead)
    {
        if (!secondIsDead)
            await servers.Second.StopAsync();
        await servers.First.KillAsync();
        await servers.First.StartAgainAsync();
        await servers.Second.StartAgainAsync();
    }
}
