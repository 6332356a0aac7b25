using System.Text.Json.Nodes;
using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>
/// The checks behind the challenge hold for both protocols alike: replay, budget, compliance, each with its audit event and its figures.
/// Challenges with one use, by EST too: <see cref="Application.Est.OneUseChallengeTests"/>.
/// </summary>
public sealed class BothProtocolsTests(BothProtocolsServer server) : IClassFixture<BothProtocolsServer>
{
    [Theory]
    [InlineData("SCEP")]
    [InlineData("EST")]
    public async Task One_request_is_one_certificate_however_often_it_comes_and_another_request_never_gets_that_one(string protocol)
    {
        var name = $"repeats-{protocol}";
        var credential = server.CredentialFor(protocol, name);
        var send = server.Request(protocol, name, 0, credential);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(send)));
        var serial = Assert.Single(outcomes.Append(await send()).Select(outcome => outcome.Serial).Distinct());
        Assert.NotNull(serial);
        Assert.Equal(1, await server.CountAsync(name));
        Assert.Single(await server.EventsAsync(protocol, null), e => e.Subject == "CN=" + name);

        // A signed challenge is used up; the password of EST lets another request in, which is another certificate.
        var other = await server.Request(protocol, name, 1, credential)();
        if (protocol == "SCEP")
            Assert.Equal(("2", FailureTable.Of(FailureReason.ChallengeReplayed).PublicText), (other.Status, other.Text));
        else
            Assert.NotEqual(serial, Assert.IsType<string>(other.Serial));
        Assert.Equal(protocol == "SCEP" ? 1 : 2, await server.CountAsync(name));
    }

    [Theory]
    [InlineData("SCEP", "2")]
    [InlineData("EST", "429")]
    public async Task Beyond_its_budget_a_device_is_refused_and_told_when_the_next_is_allowed(string protocol, string status)
    {
        var name = $"eager-{protocol}";
        for (var key = 0; key < 2; key++)
            Assert.NotNull((await server.Request(protocol, name, key)()).Serial);

        var refused = await server.Request(protocol, name, 2)();
        Assert.Equal((null, status), (refused.Serial, refused.Status));
        Assert.StartsWith(FailureTable.Of(FailureReason.RateLimited).PublicText, refused.Text, StringComparison.Ordinal);
        Assert.InRange(refused.Wait!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(24) + TimeSpan.FromSeconds(2));
        Assert.Equal(2, await server.CountAsync(name));
        Assert.NotNull((await server.Request(protocol, $"neighbour-{protocol}")()).Serial);

        var line = Assert.Single(await server.EventsAsync(protocol, "rate_limited"));
        Assert.Equal("CN=" + name, line.Subject);
        Assert.Equal(
            1,
            await server.FigureAsync(
                1, "certctl_enrolment_requests_total", $"protocol=\"{protocol}\"", "outcome=\"refused\"", "reason=\"rate_limited\""));
    }

    [Theory]
    [InlineData("SCEP", "2", "2")]
    [InlineData("EST", "403", "503")]
    public async Task A_device_must_be_compliant_and_a_service_out_of_order_lets_none_through(
        string protocol, string notCompliant, string unreachable)
    {
        var name = $"asked-{protocol}";
        var send = server.Request(protocol, name);
        var publicText = FailureTable.Of(FailureReason.ComplianceFailed).PublicText;
        foreach (var (answer, status, detail) in new[]
        {
            (BothProtocolsServer.No, notCompliant, "compliance: not compliant: reported lost"),
            (null, unreachable, "compliance: unavailable: it answered HTTP 503"),
        })
        {
            server.Answer = answer;
            var refused = await send();
            Assert.Equal((null, status, publicText), (refused.Serial, refused.Status, refused.Text.TrimEnd()));
            Assert.Equal(status == "503", refused.Wait is not null);
            Assert.Single(await server.EventsAsync(protocol, "compliance_failed"), e => e.Subject == "CN=" + name && e.Detail == detail);
        }

        // Nothing is spent: the same request is good once the service says yes.
        server.Answer = BothProtocolsServer.Yes;
        Assert.NotNull((await send()).Serial);
        Assert.Single(
            await server.EventsAsync(protocol, null),
            e => e.Subject == "CN=" + name && e.Detail == "compliance: compliant: enrolled and healthy");
        Assert.Equal(
            2,
            await server.FigureAsync(
                2, "certctl_enrolment_requests_total", $"protocol=\"{protocol}\"", "outcome=\"refused\"", "reason=\"compliance_failed\""));
        foreach (var verdict in new[] { "not_compliant", "unavailable" })
        {
            Assert.Equal(
                1,
                await server.FigureAsync(1, "certctl_compliance_verdicts_total", $"protocol=\"{protocol}\"", $"verdict=\"{verdict}\""));
        }

        var question = server.Service.Seen.Last();
        Assert.Equal($"Bearer {BothProtocolsServer.TokenOf(protocol, "first")}", question.Headers.Authorization);
        var json = JsonNode.Parse(question.Body)!;
        Assert.Equal(
            (protocol, "", protocol == "SCEP" ? "" : null, name),
            ((string?)json["protocol"], (string?)json["profile"], (string?)json["scep_profile"], (string?)json["csr"]!["common_name"]));
    }

    [Theory]
    [InlineData("SCEP", "compliance_token")]
    [InlineData("EST", "est_compliance_token")]
    public async Task The_token_of_each_is_exchanged_by_a_reload(string protocol, string part)
    {
        var token = BothProtocolsServer.TokenOf(protocol, "second");
        await server.WriteTokenAsync(protocol, token);
        await server.Host.SignalAsync("HUP");
        await server.Host.LoggedAsync($"Reload: {part} of {protocol} profile \"\"");
        Assert.NotNull((await server.Request(protocol, $"reloads-{protocol}")()).Serial);
        Assert.Equal($"Bearer {token}", server.Service.Seen.Last().Headers.Authorization);
        Assert.DoesNotContain(token, server.Host.Log, StringComparison.Ordinal);
        await server.WriteTokenAsync(protocol, BothProtocolsServer.TokenOf(protocol, "first"));
        await server.Host.SignalAsync("HUP");
        await server.Host.LoggedAsync($"Reload: {part} of {protocol} profile \"\"", before: 1);
    }
}
