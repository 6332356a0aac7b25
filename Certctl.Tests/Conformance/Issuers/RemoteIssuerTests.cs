using System.Net;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Programs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Issuers;

public sealed class RemoteIssuerOnSqliteTests : RemoteIssuerTests
{
    protected override Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);
}

public sealed class RemoteIssuerOnPostgresTests(PostgresFixture postgres) : RemoteIssuerTests, IClassFixture<PostgresFixture>
{
    protected override bool IsAvailable => postgres.IsAvailable;

    protected override async Task<string?> DatabaseAsync() => await postgres.CreateDatabaseAsync(migrated: true);

    [Fact]
    public async Task Of_two_processes_one_asks_the_issuer_while_it_lives()
    {
        if (!IsAvailable)
            return;
        using var ledger = new TemporaryFolder();
        var database = await DatabaseAsync();
        await using var first = await CertctlHost.StartWithRemoteIssuerAsync(
            database, (RemoteIssuerServer.Ledger, ledger.Path), (RemoteIssuerServer.Delay, "2000"));
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var wire = first.Connect();
        using var other = second.Connect();
        var device = ScepDevice.Shared();
        var request = (await NamedAsync(wire, device.Csr("CN=twice", first.Challenge), device)).Build();

        // Both have the request under way; one of them asks, and the answers of the others say that it is not there yet, or are the
        // certificate.
        await Task.WhenAll(
            UntilIssuedAsync(first, wire, device, request, poll: false),
            UntilIssuedAsync(second, other, device, request, poll: false),
            PollAsync());

        Assert.Single(LedgerIssuer.SignedIn(ledger.Path));

        // A poll that comes before the request itself is refused, and rightly.
        async Task PollAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            var rows = new RowCounter(database, first.DatabaseFile);
            while (await rows.CountAsync("SELECT COUNT(*) FROM enrolments") == 0)
                await Task.Delay(50, patience.Token);
            await UntilIssuedAsync(second, other, device, request, poll: true);
        }
    }
}

/// <summary>
/// ADR 37 with real processes: a server is killed between reservation, signature and record, another one goes on. The device gets one
/// certificate, the issuer has signed once, the trail is whole.
/// </summary>
public abstract class RemoteIssuerTests
{
    private const string Transaction = "remote-1";

    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    protected virtual bool IsAvailable => true;

    /// <summary>Null: SQLite.</summary>
    protected abstract Task<string?> DatabaseAsync();

    [Theory]
    [InlineData("reserved", false)]
    [InlineData("leased", true)]
    [InlineData("signed", false)]
    [InlineData("signed", true)]
    [InlineData("answered", true)]
    [InlineData("recorded", false)]
    public async Task Killed_in_the_middle_the_next_process_goes_on_and_the_issuer_signs_once(string point, bool poll)
    {
        if (!IsAvailable)
            return;
        using var ledger = new TemporaryFolder();
        await using var host = await CertctlHost.StartWithRemoteIssuerAsync(
            await DatabaseAsync(), (RemoteIssuerServer.Ledger, ledger.Path), (RemoteIssuerServer.KillAt, point));
        var device = ScepDevice.Shared();
        byte[] request;
        using (var wire = host.Connect())
        {
            request = (await NamedAsync(wire, device.Csr($"CN=killed when {point}", host.Challenge), device)).Build();
            await Assert.ThrowsAsync<HttpRequestException>(() => UntilIssuedAsync(host, wire, device, request, poll: false));
        }

        await host.KillAsync();
        host.Settings.Remove(RemoteIssuerServer.KillAt);
        Assert.Equal(point is "reserved" or "leased" ? 0 : 1, LedgerIssuer.SignedIn(ledger.Path).Count);
        await host.StartAgainAsync();

        using var again = host.Connect();
        var issued = await UntilIssuedAsync(host, again, device, request, poll);

        // Sent once more it gets the same.
        Assert.Equal(issued.RawData, (await again.SendAsync(request)).Issued(device).RawData);
        var signed = Assert.Single(LedgerIssuer.SignedIn(ledger.Path));
        await using var db = await host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var stored = await db.Enrolments.AsNoTracking().SingleAsync();
        Assert.Equal((signed, EnrolmentState.Issued, LedgerIssuer.Id), (stored.Id.ToString(), stored.State, stored.IssuerId));
        Assert.Equal(issued.RawData, (await db.Certificates.AsNoTracking().SingleAsync()).Der);
        var events = await db.AuditEvents.AsNoTracking()
            .Where(audit => audit.Action == AuditAction.ScepPkcsReq).ToListAsync();

        // Both may be of one instant, so their ids say nothing of their order.
        Assert.Equal(2, events.Count);
        Assert.Equal(stored.Id.ToString(), Assert.Single(events, audit => audit.Outcome == AuditOutcome.Pending).ResourceId);
        Assert.Equal(stored.SerialNumber, Assert.Single(events, audit => audit.Outcome == AuditOutcome.Issued).SerialNumber);
    }

    [Fact]
    public async Task An_issuer_that_decides_later_is_polled_by_the_device_across_a_restart()
    {
        if (!IsAvailable)
            return;
        using var ledger = new TemporaryFolder();
        await using var host = await CertctlHost.StartWithRemoteIssuerAsync(
            await DatabaseAsync(), (RemoteIssuerServer.Ledger, ledger.Path), (RemoteIssuerServer.Pends, "1"));
        var device = ScepDevice.Shared();
        byte[] request;
        using (var wire = host.Connect())
        {
            request = (await NamedAsync(wire, device.Csr("CN=later", host.Challenge), device)).Build();
            (await wire.SendAsync(request)).MustWait(Transaction);
        }

        await host.KillAsync();
        await host.StartAgainAsync();
        using var again = host.Connect();
        (await again.SendAsync((await PollAsync(again, device)).Build())).MustWait(Transaction);
        var reference = Assert.Single(Directory.GetFiles(ledger.Path, "*.asked"));
        Assert.Equal($"order {Assert.Single(LedgerIssuer.SignedIn(ledger.Path))}", await File.ReadAllTextAsync(reference));

        (await again.SendAsync((await PollAsync(again, device)).Build())).Issued(device);
    }

    /// <summary>Sends or polls until the answer is a certificate: a lease of the process that died may still run.</summary>
    private protected static async Task<X509Certificate2> UntilIssuedAsync(
        CertctlHost host, ScepWire wire, ScepDevice device, byte[] request, bool poll)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            using var answer = await wire.PostAsync(poll ? (await PollAsync(wire, device)).Build() : request);

            // A busy machine may let the database's deadline pass: the device comes again, as after PENDING.
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}: {host.Log}");
            if (answer.StatusCode == HttpStatusCode.OK
                && CertRepReading.Of(await answer.Content.ReadAsByteArrayAsync(patience.Token)) is { Status: not "3" } reply)
            {
                return reply.Issued(device);
            }

            await Task.Delay(200, patience.Token);
        }
    }

    private protected static async Task<ForgedRequest> NamedAsync(ScepWire wire, byte[] content, ScepDevice device) =>
        (await wire.RequestAsync(content, device)).Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(Transaction));

    private static async Task<ForgedRequest> PollAsync(ScepWire wire, ScepDevice device) =>
        (await NamedAsync(wire, [0x30, 0x00], device)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20"));
}
