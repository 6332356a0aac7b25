using System.Globalization;
using System.Text;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Security;

/// <summary>
/// The trail of a whole life, from enrolment over renewal, waiting and denial, written by a server in Kathmandu whose keys are encrypted.
/// </summary>
public sealed class OutcomeTrailTests : IAsyncLifetime
{
    private const string Passphrase = "the passphrase of every key file";

    private CertctlHost? _host;
    private ScepWire? _wire;

    private CertctlHost Host => _host!;

    private ScepWire Wire => _wire!;

    public async Task InitializeAsync()
    {
        // A quarter of an hour beside every whole one: nothing can be taken for UTC that is not.
        _host = await CertctlHost.StartAsync(
            null, ("CERTCTL_LOG_LEVEL", "debug"), ("CERTCTL_KEY_PASSPHRASE", Passphrase), ("TZ", "Asia/Kathmandu"));
        _wire = Host.Connect();
    }

    public async Task DisposeAsync()
    {
        _wire?.Dispose();
        await Host.DisposeAsync();
    }

    [Fact]
    [Trait("Conformance", "Z-4")]
    [Trait("Conformance", "Z-7")]
    [Trait("Conformance", "Z-8")]
    public async Task Each_step_is_a_line_in_UTC_and_the_passphrase_is_nowhere()
    {
        var began = DateTimeOffset.UtcNow.AddSeconds(-1);
        var device = ScepDevice.Shared();
        var first = device.With((await SendAsync("enrol", device, device.Csr("CN=a life", Host.Challenge, "a.example"))).Issued(device));
        var second = (await SendAsync("renew", first, first.Csr("CN=a life", null, "a.example"), "17")).Issued(first);
        (await SendAsync("rename", first, first.Csr("CN=another life", (string?)null), "17")).MustFail(FailureReason.RenewalNameChanged);
        (await SendAsync("nothing", device, [0x30, 0x00], "20")).MustFail(FailureReason.TransactionUnknown);
        await Host.Database.RequireApprovalAsync();
        (await SendAsync("wait", device, device.Csr("CN=waiting", Host.Challenge, "w.example"))).MustWait("wait");
        await Host.Database.DecideAsync(await PendingAsync(), approved: true);
        var third = (await SendAsync("wait", device, [0x30, 0x00], "20")).Issued(device);
        (await SendAsync("doomed", device, device.Csr("CN=doomed", Host.Challenge))).MustWait("doomed");
        await Host.Database.DecideAsync(await PendingAsync(), approved: false);
        (await SendAsync("doomed", device, [0x30, 0x00], "20")).MustFail(FailureReason.RequestDenied);
        await Host.StopAsync();

        var events = await EventsAsync();
        var signer = "CN=signer #" + device.Certificate.SerialNumber.ToLowerInvariant();
        var renewer = "CN=a life #" + first.Certificate.SerialNumber.ToLowerInvariant();
        MustTell(
            events, "enrol", AuditAction.ScepPkcsReq, AuditOutcome.Issued, null, "CN=a life", "DNS:a.example",
            first.Certificate.SerialNumber, signer);
        MustTell(
            events, "renew", AuditAction.ScepRenewalReq, AuditOutcome.Issued, null, "CN=a life", "DNS:a.example", second.SerialNumber,
            renewer);
        MustTell(
            events, "rename", AuditAction.ScepRenewalReq, AuditOutcome.Refused, "renewal_name_changed", "CN=another life", null, null,
            renewer);
        MustTell(events, "nothing", AuditAction.ScepGetCertInitial, AuditOutcome.Refused, "transaction_unknown", null, null, null, signer);
        MustTell(events, "wait", AuditAction.ScepPkcsReq, AuditOutcome.Pending, null, "CN=waiting", "DNS:w.example", null, signer);
        MustTell(
            events, "wait", AuditAction.ScepPkcsReq, AuditOutcome.Issued, null, "CN=waiting", "DNS:w.example", third.SerialNumber, signer);
        MustTell(events, "doomed", AuditAction.ScepPkcsReq, AuditOutcome.Pending, null, "CN=doomed", null, null, signer);
        MustTell(events, "doomed", AuditAction.ScepGetCertInitial, AuditOutcome.Refused, "request_denied", null, null, null, signer);
        Assert.Equal(8, events.Count(e => e.Actor == "scep-client"));
        Assert.All(events, e => Assert.InRange(e.Timestamp, began, DateTimeOffset.UtcNow));

        MustBeUtc(began);
        Assert.InRange(first.Certificate.NotBefore.ToUniversalTime(), began.UtcDateTime.AddHours(-1), DateTime.UtcNow);
        MustNotTell(Passphrase);
    }

    private async Task<CertRepReading> SendAsync(string transaction, ScepDevice signer, byte[] content, string messageType = "19") =>
        await Wire.SendAsync((await Wire.RequestAsync(content, signer))
            .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transaction))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType))
            .Build());

    private static void MustTell(
        List<AuditEvent> events,
        string transaction,
        string action,
        AuditOutcome outcome,
        string? reason,
        string? subject,
        string? san,
        string? serial,
        string signer)
    {
        var line = Assert.Single(events, e => e.TransactionId == transaction && e.Outcome == outcome);
        Assert.Equal(
            (action, reason, subject, serial?.ToLowerInvariant().PadLeft(40, '0')),
            (line.Action, line.Reason, line.Subject, line.SerialNumber));
        Assert.Equal(san is null ? [] : [san], line.SubjectAltNames);
        Assert.Equal(signer, line.Signer);
        Assert.Equal("127.0.0.1", line.SourceAddress);
        Assert.True(outcome != AuditOutcome.Refused || line.Detail is { Length: > 0 }, "a refusal without a detail");
    }

    // The log begins each line with its time: 2026-11-26T03:14:23.240Z.
    private void MustBeUtc(DateTimeOffset began)
    {
        var times = Host.Log.Split('\n').Where(line => line.Contains(" transaction_id=", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)]).ToList();
        Assert.Equal(8, times.Count);
        Assert.All(times, time =>
        {
            Assert.EndsWith("Z", time, StringComparison.Ordinal);
            Assert.InRange(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), began, DateTimeOffset.UtcNow);
        });
    }

    private void MustNotTell(string secret)
    {
        var keys = Directory.GetFiles(Host.Data, "*.key");
        Assert.All(
            keys, key => Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", File.ReadAllText(key), StringComparison.Ordinal));
        Assert.NotEmpty(keys);
        Assert.DoesNotContain(secret, Host.Log, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(Host.Data), file => Assert.True(
            File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, file));
    }

    private async Task<Enrolment> PendingAsync()
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.Enrolments.AsNoTracking().SingleAsync(e => e.State == EnrolmentState.Pending);
    }

    private async Task<List<AuditEvent>> EventsAsync()
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.AuditEvents.AsNoTracking().Where(e => e.Actor != "system").OrderBy(e => e.Id).ToListAsync();
    }
}
