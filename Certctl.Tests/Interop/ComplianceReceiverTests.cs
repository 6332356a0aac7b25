using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>The real server asks the sample receiver, a process of its own, about each device.</summary>
public sealed class ComplianceReceiverTests : IAsyncLifetime
{
    private ComplianceReceiver? _receiver;
    private CertctlHost? _host;
    private ScepWire? _wire;

    private ComplianceReceiver Receiver => _receiver!;

    private CertctlHost Host => _host!;

    private ScepWire Wire => _wire!;

    public async Task InitializeAsync() => _receiver = await ComplianceReceiver.StartAsync("{\"device-2\":\"disk encryption is off\"}");

    public async Task DisposeAsync()
    {
        _wire?.Dispose();
        if (_host is not null)
            await _host.DisposeAsync();
        if (_receiver is not null)
            await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Devices_are_asked_about_on_every_route_and_an_outage_lets_none_through()
    {
        await StartServerAsync();
        var device = ScepDevice.Shared();
        (await SendAsync(device, "device-1")).Issued(device);
        (await SendAsync(device, "device-2")).MustFail(FailureReason.ComplianceFailed);
        using (var raw = await Wire.PostAsync(device.Csr("CN=device-2", Host.Challenge), contentType: null))
            Assert.Equal(HttpStatusCode.Forbidden, raw.StatusCode);

        Receiver.Deny("{\"device-1\":\"reported stolen\"}");
        (await SendAsync(device, "device-2")).Issued(device);

        Receiver.Deny("{");
        (await SendAsync(device, "device-3")).MustFail(FailureReason.ComplianceFailed);
        await Receiver.StopAsync();
        var watch = Stopwatch.StartNew();
        (await SendAsync(device, "device-4")).MustFail(FailureReason.ComplianceFailed);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(25));

        await Host.StopAsync();
        await MustTellAsync(
            (AuditOutcome.Issued, "CN=device-1", "compliance: compliant: not on the list"),
            (AuditOutcome.Refused, "CN=device-2", "compliance: not compliant: disk encryption is off"),
            (AuditOutcome.Refused, "CN=device-2", "compliance: not compliant: disk encryption is off"),
            (AuditOutcome.Issued, "CN=device-2", "compliance: compliant: not on the list"),
            (AuditOutcome.Refused, "CN=device-3", "compliance: unavailable: it answered HTTP 500"),
            (AuditOutcome.Refused, "CN=device-4", "compliance: unavailable: the connection failed (ConnectionError)"));
        Assert.Contains("compliance not_compliant \"disk encryption is off\"", Host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(ComplianceReceiver.Token, Host.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer wrong", "{\"csr\":{\"common_name\":\"x\"}}", HttpStatusCode.Unauthorized)]
    [InlineData("Basic " + ComplianceReceiver.Token, "{\"csr\":{\"common_name\":\"x\"}}", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer " + ComplianceReceiver.Token, "{}", HttpStatusCode.BadRequest)]
    [InlineData("Bearer " + ComplianceReceiver.Token, "no json", HttpStatusCode.BadRequest)]
    [InlineData(
        "Bearer " + ComplianceReceiver.Token, "{\"claim\":{\"subject\":\"device-2\"},\"csr\":{\"common_name\":\"x\"}}", HttpStatusCode.OK)]
    public async Task The_receiver_answers_no_one_without_the_token_and_nothing_that_is_no_question(
        string authorization, string question, HttpStatusCode status)
    {
        using var http = ScepWire.NewClient(Receiver.CaFile);
        using var request = new HttpRequestMessage(HttpMethod.Post, Receiver.Url)
        {
            Content = new StringContent(question, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var answer = await http.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.OK)
            Assert.Equal("{\"compliant\":false,\"reason\":\"disk encryption is off\"}", await answer.Content.ReadAsStringAsync());
    }

    private async Task StartServerAsync()
    {
        _host = await CertctlHost.StartAsync(
            null,
            ("CERTCTL_LOG_LEVEL", "debug"),
            ("CERTCTL_SCEP_COMPLIANCE_URL", Receiver.Url.ToString()),
            ("CERTCTL_SCEP_COMPLIANCE_BEARER_TOKEN_FILE", Receiver.TokenFile),
            ("CERTCTL_SCEP_COMPLIANCE_CA_PATH", Receiver.CaFile),
            ("CERTCTL_SCEP_COMPLIANCE_TIMEOUT", "20s"));
        _wire = Host.Connect();
    }

    private async Task<CertRepReading> SendAsync(ScepDevice device, string name) =>
        await Wire.SendAsync((await Wire.RequestAsync(device.Csr($"CN={name}", Host.Challenge), device)).Build());

    private async Task MustTellAsync(params (AuditOutcome Outcome, string Subject, string Detail)[] expected)
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var events = await db.AuditEvents.AsNoTracking().Where(line => line.Actor == "scep-client").OrderBy(line => line.Id).ToListAsync();
        Assert.Equal(expected.Select(line => (line.Outcome, line.Subject)), events.Select(line => (line.Outcome, line.Subject!)));
        Assert.All(expected.Zip(events), pair => Assert.StartsWith(pair.First.Detail, pair.Second.Detail, StringComparison.Ordinal));
    }
}
