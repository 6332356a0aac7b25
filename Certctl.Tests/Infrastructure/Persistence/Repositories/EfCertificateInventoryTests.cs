using Certctl.Application.Admin.Certificates;
using Certctl.Application.Publication;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfCertificateInventoryTests(PostgresDatabases databases)
    : EfCertificateInventoryTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfCertificateInventoryTests(SqliteDatabases databases)
    : EfCertificateInventoryTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfCertificateInventoryTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task Pages_follow_one_another_without_gap_or_repeat_also_where_many_came_at_once()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var inventory = database.Get<ICertificateInventory>();
        foreach (var second in new[] { 0, 0, 0, 1, 2, 2, 3 })
            await IssueAsync(database, Now.AddSeconds(second));

        var all = await inventory.ListAsync(new CertificateFilter(), Now, null, 0, 10, default);
        Assert.Equal((7, 7, false), (all.Certificates.Count, all.Total, all.HasMore));
        Assert.Equal(
            all.Certificates.OrderByDescending(c => c.CreatedAt).ThenByDescending(c => c.SerialNumber, StringComparer.Ordinal),
            all.Certificates);

        var walked = new List<string>();
        CertificateMark? mark = null;
        CertificatePage page;
        do
        {
            page = await inventory.ListAsync(new CertificateFilter(), Now, mark, 0, 2, default);
            Assert.Equal(7, page.Total);
            walked.AddRange(page.Certificates.Select(c => c.SerialNumber));
            mark = new CertificateMark(page.Certificates[^1].CreatedAt, page.Certificates[^1].SerialNumber);
        }
        while (page.HasMore);
        Assert.Equal(all.Certificates.Select(c => c.SerialNumber), walked);
        Assert.Equal(
            walked[4..6],
            (await inventory.ListAsync(new CertificateFilter(), Now, null, 4, 2, default)).Certificates.Select(c => c.SerialNumber));
    }

    [Fact]
    public async Task Each_filter_narrows()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var inventory = database.Get<ICertificateInventory>();
        var (active, expired, revoked, held) = (
            await IssueAsync(database, Now),
            await IssueAsync(database, Now.AddDays(-100)),
            await IssueAsync(database, Now),
            await IssueAsync(database, Now));
        await RevokeAsync(inventory, revoked, RevocationReason.KeyCompromise);
        await RevokeAsync(inventory, held, RevocationReason.CertificateHold);

        await OnlyAsync(new CertificateFilter { Status = CertificateStatus.Active }, active);
        await OnlyAsync(new CertificateFilter { Status = CertificateStatus.Expired }, expired);
        await OnlyAsync(new CertificateFilter { Status = CertificateStatus.Revoked }, revoked);
        await OnlyAsync(new CertificateFilter { Status = CertificateStatus.OnHold }, held);
        await OnlyAsync(new CertificateFilter { SerialNumber = held }, held);
        await OnlyAsync(new CertificateFilter { ExpiresBefore = Now }, expired);
        await OnlyAsync(new CertificateFilter { ExpiresAfter = Now }, active, revoked, held);
        await OnlyAsync(new CertificateFilter { CreatedAfter = Now }, active, revoked, held);
        await OnlyAsync(new CertificateFilter { CreatedBefore = Now }, expired);
        foreach (var every in new CertificateFilter[]
        {
            new() { IssuerId = "iss-local" }, new() { ProfileId = "default" }, new() { PathId = "corp" }, new() { Source = "SCEP" },
            new() { Text = "cn=DEV" }, new() { Text = "Device.Example" }, new() { Text = "müller@" },
        })
            await OnlyAsync(every, active, expired, revoked, held);
        foreach (var none in new CertificateFilter[]
        {
            new() { IssuerId = "iss" }, new() { ProfileId = "x" }, new() { PathId = "" }, new() { Source = "EST" }, new() { Text = "%" },
            new() { Text = "dev_ce" }, new() { Text = "\\" },
        })
            await OnlyAsync(none);

        async Task OnlyAsync(CertificateFilter filter, params string[] serials)
        {
            var page = await inventory.ListAsync(filter, Now, null, 0, 10, default);
            Assert.Equal(
                serials.Order(StringComparer.Ordinal), page.Certificates.Select(c => c.SerialNumber).Order(StringComparer.Ordinal));
            Assert.Equal(serials.Length, page.Total);
        }
    }

    [Fact]
    public async Task Of_many_who_revoke_at_once_one_does_and_the_trail_says_who()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var inventory = database.Get<ICertificateInventory>();
        var serial = await IssueAsync(database, Now);

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(i => Task.Run(() => RevokeAsync(inventory, serial, RevocationReason.Superseded, $"operator {i}"))));

        var winner = Assert.Single(Enumerable.Range(0, 8), i => verdicts[i] is RevocationVerdict.Done);
        Assert.All(verdicts.Where((_, i) => i != winner), verdict => Assert.Equal(
            new RevocationVerdict.Refused(RevocationReason.Superseded, Stored.Time(Now)), verdict));
        await using var db = database.Open();
        Assert.Equal(
            $"operator {winner}", (await db.AuditEvents.SingleAsync(audit => audit.Action == AuditAction.CertificateRevoked)).Actor);
        Assert.True((await database.Enrolments.FindCertificateAsync("iss-local", serial, default))!.IsRevoked);
        Assert.IsType<RevocationVerdict.Unknown>(await RevokeAsync(inventory, serial.Replace(serial[0], 'x'), RevocationReason.Superseded));
    }

    [Fact]
    public async Task A_hold_ends_or_becomes_final_and_what_is_final_stays()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var inventory = database.Get<ICertificateInventory>();
        var serial = await IssueAsync(database, Now);
        Assert.Equal(new RevocationVerdict.Refused(null, null), await ReleaseAsync());

        Assert.IsType<RevocationVerdict.Done>(await RevokeAsync(inventory, serial, RevocationReason.CertificateHold));
        Assert.IsType<RevocationVerdict.Refused>(await RevokeAsync(inventory, serial, RevocationReason.CertificateHold));
        Assert.Equal([serial], await RevokedAsync());
        Assert.IsType<RevocationVerdict.Done>(await ReleaseAsync());
        Assert.False((await inventory.FindAsync("iss-local", serial, default))!.IsRevoked);
        Assert.Empty(await RevokedAsync());

        Assert.IsType<RevocationVerdict.Done>(await RevokeAsync(inventory, serial, RevocationReason.CertificateHold));
        Assert.IsType<RevocationVerdict.Done>(await RevokeAsync(inventory, serial, RevocationReason.KeyCompromise));
        Assert.Equal(RevocationReason.KeyCompromise, (await inventory.FindAsync("iss-local", serial, default))!.RevocationReason);
        Assert.Equal(new RevocationVerdict.Refused(RevocationReason.KeyCompromise, Stored.Time(Now)), await ReleaseAsync());
        await using var db = database.Open();
        Assert.Equal(1, await db.AuditEvents.CountAsync(audit => audit.Action == AuditAction.CertificateReleased));

        Task<RevocationVerdict> ReleaseAsync() =>
            inventory.ReleaseAsync("iss-local", serial, Now, Audit(AuditAction.CertificateReleased, "olga"), default);

        async Task<List<string>> RevokedAsync()
        {
            var listed = new List<string>();
            await foreach (var certificate in database.Get<IRevocationStore>().ListRevokedAsync("iss-local", "", Now, default))
                listed.Add(certificate.SerialNumber);
            return listed;
        }
    }

    [Fact]
    public async Task An_act_whose_event_cannot_be_written_has_not_happened()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var inventory = database.Get<ICertificateInventory>();
        var serial = await IssueAsync(database, Now);
        var audit = Audit(AuditAction.CertificateRevoked, "olga");
        await inventory.RevokeAsync("iss-local", await IssueAsync(database, Now), RevocationReason.Superseded, Now, null, audit, default);

        // The same id again.
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(
            () => inventory.RevokeAsync("iss-local", serial, RevocationReason.Superseded, Now, null, audit, default));
        Assert.False((await inventory.FindAsync("iss-local", serial, default))!.IsRevoked);
    }

    private static async Task<string> IssueAsync(TestDatabase database, DateTimeOffset at)
    {
        var entry = TestEntries.Issued(at);
        await database.Journal.CommitAsync(entry, default);
        return entry.Certificate!.SerialNumber;
    }

    private static Task<RevocationVerdict> RevokeAsync(
        ICertificateInventory inventory, string serial, RevocationReason reason, string actor = "olga") =>
        inventory.RevokeAsync("iss-local", serial, reason, Now, null, Audit(AuditAction.CertificateRevoked, actor), default);

    private static AuditEvent Audit(string action, string actor) => new()
    {
        Id = Guid.NewGuid(),
        Timestamp = Now,
        Actor = actor,
        ActorType = "User",
        Action = action,
        Outcome = AuditOutcome.Done,
        ResourceType = "certificate",
        ResourceId = "",
    };
}
