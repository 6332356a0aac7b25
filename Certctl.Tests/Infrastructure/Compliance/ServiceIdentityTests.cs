using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Compliance;
using Certctl.Tests.Fixtures;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>Both sides know whom they talk to: the service by its certificate, the server by its token or certificate.</summary>
public sealed class ServiceIdentityTests
{
    [Fact]
    public async Task The_token_is_sent_and_never_logged()
    {
        var log = new LogLines<HttpComplianceHook>();
        await using var service = await ComplianceStub.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        using var hook = service.Hook(limits: new ComplianceLimits { LeastAttempts = 2 }, logger: log);

        var verdict = await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None);

        Assert.All(service.Seen, seen => Assert.Equal($"Bearer {ComplianceStub.Token}", seen.Headers.Authorization));
        Assert.NotEmpty(log.Lines);
        Assert.DoesNotContain(
            log.Lines.Append(verdict.ToString()).Append(ComplianceStub.Settings(service.Url).ToString()),
            text => text.Contains(ComplianceStub.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_certificate_is_shown_instead_of_the_token()
    {
        using var certificate = ComplianceStub.Ca.Issue("CN=certctl");
        await using var service = await ComplianceStub.StartAsync("{\"compliant\":true}");
        var settings = ComplianceStub.Settings(service.Url) with { Credential = ComplianceStub.Client(certificate) };
        using var hook = new HttpComplianceHook(settings, NullLogger<HttpComplianceHook>.Instance);

        Assert.IsType<ComplianceVerdict.Compliant>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        var seen = Assert.Single(service.Seen);
        Assert.Equal(certificate.RawData, seen.Client!.RawData);
        Assert.Empty(seen.Headers.Authorization.ToString());
    }

    [Theory]
    [InlineData("stranger")]
    [InlineData("other-host")]
    [InlineData("expired")]
    [InlineData("client")]
    public async Task A_service_with_another_certificate_is_told_nothing(string defect)
    {
        using var certificate = Certificate(defect);
        await using var service = await ComplianceStub.StartAsync(Yes, certificate);
        using var hook = service.Hook();

        var unavailable = Assert.IsType<ComplianceVerdict.Unavailable>(
            await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));

        Assert.Contains("SecureConnectionError", unavailable.Detail, StringComparison.Ordinal);
        Assert.Empty(service.Seen);
    }

    [Fact]
    public async Task Without_roots_of_its_own_it_believes_those_of_the_machine()
    {
        await using var service = await ComplianceStub.StartAsync("{\"compliant\":true}");
        using var hook = new HttpComplianceHook(
            ComplianceStub.Settings(service.Url) with { Roots = [] }, NullLogger<HttpComplianceHook>.Instance);

        // The root of the test is none of them.
        Assert.IsType<ComplianceVerdict.Unavailable>(await hook.AskAsync(ComplianceStub.Question(), CancellationToken.None));
        Assert.Empty(service.Seen);
    }

    private static X509Certificate2 Certificate(string defect) => defect switch
    {
        "stranger" => ComplianceStub.Certificate("localhost", BootstrapCa.Root("CN=compliance root")),
        "other-host" => ComplianceStub.Certificate("other.example"),
        "expired" => ComplianceStub.Certificate("localhost", toDays: -1),
        _ => ComplianceStub.Certificate("localhost", eku: BootstrapCa.ClientAuth),
    };

    private static Task Yes(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync("{\"compliant\":true}");
    }
}
