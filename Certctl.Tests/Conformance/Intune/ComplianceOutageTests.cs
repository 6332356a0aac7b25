using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>A compliance service that is away, or says no: what a device brought is still good when it is back.</summary>
public sealed class ComplianceOutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Yes = """{"compliant":true,"reason":"enrolled and healthy"}""";
    private const string No = """{"compliant":false,"reason":"reported lost"}""";

    private volatile string? _answer = Yes;

    [Fact]
    public async Task Neither_an_outage_nor_a_no_spends_challenge_or_budget_and_a_retry_is_not_asked_about_again()
    {
        if (!postgres.IsAvailable)
            return;
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["ca.pem"], ComplianceStub.Ca.Pem);
        await using var service = await ComplianceStub.StartAsync(AnswerAsync);
        await using var servers = await IntuneServers.StartAsync(
            postgres,
            ("CERTCTL_SCEP_COMPLIANCE_URL", service.Url.ToString()),
            ("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN", ComplianceStub.Token),
            ("CERTCTL_SCEP_COMPLIANCE_CA_PATH", folder["ca.pem"]));
        var requests = Enumerable.Range(0, 4).Select(i => servers.Request(servers.Connector.For("patient"), "patient", i)).ToList();

        foreach (var answer in new[] { null, No })
        {
            _answer = answer;
            for (var i = 0; i < 2; i++)
                (await servers.Wire(i).SendAsync(requests[i].Message)).MustFail(FailureReason.ComplianceFailed);
        }

        Assert.Equal(0, await servers.CountAsync(
            "SELECT (SELECT COUNT(*) FROM challenge_uses) + (SELECT COUNT(*) FROM device_slots) + (SELECT COUNT(*) FROM certificates)"));
        Assert.Equal(2, await servers.CountAsync("SELECT COUNT(*) FROM audit_events WHERE reason = 'compliance_failed' AND detail LIKE "
            + "'%reported lost%' AND device_name = 'patient'"));
        Assert.Equal(2, await servers.CountAsync("SELECT COUNT(*) FROM audit_events WHERE reason = 'compliance_failed' AND detail LIKE "
            + "'%unavailable%' AND device_name = 'patient'"));

        _answer = Yes;
        for (var i = 0; i < 3; i++)
            (await servers.Wire(i).SendAsync(requests[i].Message)).Issued(requests[i].Device);
        Assert.Equal(3, await servers.CountAsync(
            "SELECT COUNT(*) FROM audit_events WHERE outcome = 'Issued' AND detail LIKE '%enrolled and healthy%'"));
        Assert.StartsWith(
            "This device has had too many certificates",
            (await servers.One.SendAsync(requests[3].Message)).MustFail("2").FailInfoText,
            StringComparison.Ordinal);

        // A repeated request is answered as before, whatever the service says now; for a device beyond its quota the service is not asked.
        _answer = No;
        var asked = service.Seen.Count;
        (await servers.Other.SendAsync(requests[0].Message)).Issued(requests[0].Device);
        await servers.Other.SendAsync(requests[3].Message);
        Assert.Equal(asked, service.Seen.Count);
        Assert.All(service.Seen, question => Assert.Contains("\"device_name\":\"patient\"", question.Body, StringComparison.Ordinal));
        Assert.DoesNotContain(ComplianceStub.Token, servers.First.Log + servers.Second.Log, StringComparison.Ordinal);
    }

    // Null: an outage.
    private Task AnswerAsync(HttpContext context)
    {
        if (_answer is not { } json)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}
