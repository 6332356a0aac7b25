using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Tests.Measure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class PostgresListTests(PostgresDatabases databases) : ListTests(databases), IClassFixture<PostgresDatabases>
{
    private protected override async Task FillAsync(TestDatabase database, ListSeed seed) =>
        await seed.FillAsync(database.ConnectionString);
}

public sealed class SqliteListTests(SqliteDatabases databases) : ListTests(databases), IClassFixture<SqliteDatabases>
{
    private protected override async Task FillAsync(TestDatabase database, ListSeed seed)
    {
        await using var db = database.Open();
        await seed.FillAsync(db);
    }
}

/// <summary>The lists of a small fleet, held against plain counting in memory.</summary>
public abstract class ListTests(IDatabases databases) : PersistenceTests(databases)
{
    private const int Certificates = 2000;
    private const int Events = 6000;
    private const int Limit = 50;

    private static readonly DateTimeOffset Now = TestDatabase.Start;
    private static readonly ListSeed Seed = new(Now, Certificates, Events);

    [Fact]
    public async Task Slices_of_time_are_those_of_plain_counting_and_remembered_once_they_are_over()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, Seed);
        string[] actions = [AuditAction.ScepPkcsReq, AuditAction.ScepRenewalReq];
        var rates = new EnrolmentRates(database.Audit, new DatabaseClock(ask: null, new FakeTimeProvider(Now)));
        foreach (var width in new[] { TimeSpan.FromHours(6), TimeSpan.FromDays(1) })
        {
            var slices = await rates.ReadAsync(actions, width, 40, default);
            Assert.True(slices[^1].From <= Now && Now < slices[^1].From + width);
            foreach (var slice in slices)
            {
                var within = Seed.Events.Where(audit =>
                    actions.Contains(audit.Action) && audit.Timestamp >= slice.From && audit.Timestamp < slice.From + width).ToList();
                long Of(AuditOutcome outcome) => within.Where(audit => audit.Outcome == outcome).Sum(audit => (long)audit.Count);
                Assert.Equal(
                    (Of(AuditOutcome.Issued), Of(AuditOutcome.Pending), Of(AuditOutcome.Refused)),
                    (slice.Issued, slice.Pending, slice.Refused));
            }

            Assert.NotEqual(0, slices.Sum(slice => slice.Issued));
            var again = await rates.ReadAsync(actions, width, 40, default);

            // The last but one may have ended a moment ago.
            Assert.True(slices.SkipLast(2).Zip(again).All(pair => ReferenceEquals(pair.First, pair.Second)));
            Assert.NotSame(slices[^1], again[^1]);
        }
    }

    private protected abstract Task FillAsync(TestDatabase database, ListSeed seed);

    [Fact]
    public async Task Certificates_totals_and_pages_from_either_end_are_those_of_plain_counting()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, Seed);
        var inventory = database.Get<ICertificateInventory>();
        var all = Seed.Certificates.OrderByDescending(c => c.CreatedAt)
            .ThenByDescending(c => c.SerialNumber, StringComparer.Ordinal).ToList();
        var one = Seed.Certificate(1234);
        foreach (var filter in new CertificateFilter[]
        {
            new(), new() { IssuerId = "iss-lab" }, new() { ProfileId = "legacy" }, new() { PathId = "corp" }, new() { PathId = "" },
            new() { PathId = "lab", ProfileId = "pilot" },
            new() { Source = "EST" }, new() { Source = "SCEP" },
            new() { SerialNumber = one.SerialNumber }, new() { ExpiresAfter = Now, ExpiresBefore = Now.AddDays(30) },
            new() { CreatedAfter = Now.AddDays(-200), CreatedBefore = Now.AddDays(-190) },
            new() { Text = "sales-LAPTOP-000" }, new() { Text = one.CommonName }, new() { Text = "MÜLLER@" },
            new() { Text = "9" }, new() { Text = "_" }, new() { Text = "%" }, new() { Text = "\\" }, new() { Text = "\"" },
            new() { Text = "\",\"" }, new() { Text = "\0" },
        })
        {
            foreach (var status in Enum.GetValues<CertificateStatus>().Cast<CertificateStatus?>().Append(null))
            {
                var wanted = filter with { Status = status };
                var expected = all.Where(certificate => Matches(certificate, wanted))
                    .Select(certificate => certificate.SerialNumber).ToList();
                foreach (var skip in Skips(expected.Count))
                {
                    var page = await inventory.ListAsync(wanted, Now, null, skip, Limit, default);
                    Assert.Equal(
                        (expected.Count, skip + page.Certificates.Count < expected.Count && skip < expected.Count),
                        ((int)page.Total, page.HasMore));
                    Assert.Equal(expected.Skip(skip).Take(Limit), page.Certificates.Select(certificate => certificate.SerialNumber));
                }
            }
        }
    }

    [Fact]
    [Trait("Conformance", "A-8")]
    public async Task Events_totals_and_pages_from_either_end_are_those_of_plain_counting()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, Seed);
        var all = Seed.Events.OrderByDescending(e => e.Id.ToString(), StringComparer.Ordinal).ToList();
        var of = Seed.Event(1230);
        foreach (var filter in new AuditFilter[]
        {
            new(), new() { Action = AuditAction.ScepPkcsReq }, new() { Actor = "scep-client" }, new() { Actor = "olga" },
            new() { Actor = "unknown" }, new() { ResourceType = "certificate" },
            new() { ResourceType = "enrolment" }, new() { ResourceId = of.ResourceId },
            new() { ResourceId = Seed.Event(103).ResourceId }, new() { Outcome = AuditOutcome.Issued },
            new() { Outcome = AuditOutcome.Done }, new() { Reason = "rate_limited" }, new() { PathId = "lab" },
            new() { TransactionId = of.TransactionId }, new() { SerialNumber = of.SerialNumber },
            new() { From = Now.AddDays(-200), To = Now.AddDays(-190) }, new() { From = of.Timestamp, To = of.Timestamp.AddTicks(10) },
            new() { From = of.Timestamp.AddTicks(10) }, new() { To = DateTimeOffset.MaxValue },
            new() { Text = "SALES-laptop" }, new() { Text = of.Subject }, new() { Text = "%" }, new() { Text = "_" },
            new() { Text = "r (a" }, new() { Text = "\0" },
        })
        {
            var expected = all.Where(audit => Matches(audit, filter)).Select(audit => audit.Id).ToList();
            foreach (var skip in Skips(expected.Count))
            {
                var page = await database.Audit.ListAsync(filter, null, skip, Limit, default);
                Assert.Equal(
                    (expected.Count, skip + page.Events.Count < expected.Count && skip < expected.Count), ((int)page.Total, page.HasMore));
                Assert.Equal(expected.Skip(skip).Take(Limit), page.Events.Select(audit => audit.Id));
            }
        }
    }

    [Fact]
    public async Task Totals_stay_true_while_certificates_are_issued_expire_and_are_revoked_and_released()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, Seed);
        var inventory = database.Get<ICertificateInventory>();
        var serials = Seed.Certificates.Where(certificate => !certificate.IsRevoked)
            .Select(certificate => certificate.SerialNumber).Where((_, i) => i % 40 == 0).ToList();
        var holds = Seed.Certificates.Where(certificate => certificate.RevocationReason == RevocationReason.CertificateHold)
            .Select(certificate => certificate.SerialNumber).ToList();
        await AgreeAsync();

        // Steps below and above what a mark may fall behind, and beyond the age at which all is counted anew.
        foreach (var (minutes, i) in new[] { 0.0, 0.5, 2, 7, 1440, 3, 61, 43_200, 1 }.Select((minutes, i) => (minutes, i)))
        {
            database.Clock.Advance(TimeSpan.FromMinutes(minutes));
            var at = database.Clock.GetUtcNow();
            for (var n = 0; n < 3; n++)
                await database.Journal.CommitAsync(TestEntries.Issued(at), default);
            await RevokeAsync(serials[i], RevocationReason.KeyCompromise);
            await RevokeAsync(serials[i + 20], RevocationReason.CertificateHold);
            if (i % 3 == 1)
                await RevokeAsync(serials[i + 20], RevocationReason.Superseded);
            Assert.IsType<RevocationVerdict.Done>(
                await inventory.ReleaseAsync("iss-local", holds[i], at, Act(AuditAction.CertificateReleased, at), default));
            await AgreeAsync();
        }

        async Task RevokeAsync(string serial, RevocationReason reason)
        {
            var at = database.Clock.GetUtcNow();
            var issuer = serials.Contains(serial)
                ? Seed.Certificates.Single(certificate => certificate.SerialNumber == serial).IssuerId
                : "iss-local";
            Assert.IsType<RevocationVerdict.Done>(
                await inventory.RevokeAsync(issuer, serial, reason, at, null, Act(AuditAction.CertificateRevoked, at), default));
        }

        async Task AgreeAsync()
        {
            var now = database.Clock.GetUtcNow();
            await using var db = database.Open();
            var certificates = await db.Certificates.AsNoTracking().ToListAsync();
            foreach (var path in new[] { null, "corp" })
            {
                foreach (var status in Enum.GetValues<CertificateStatus>().Cast<CertificateStatus?>().Append(null))
                {
                    var filter = new CertificateFilter { Status = status, PathId = path };
                    var expected = certificates.Where(certificate => Matches(certificate, filter, now))
                        .OrderByDescending(c => c.CreatedAt).ThenByDescending(c => c.SerialNumber, StringComparer.Ordinal)
                        .Select(certificate => certificate.SerialNumber).ToList();
                    var page = await inventory.ListAsync(filter, now, null, 0, Limit, default);
                    Assert.Equal((status, expected.Count), (status, (int)page.Total));
                    Assert.Equal(expected.Take(Limit), page.Certificates.Select(certificate => certificate.SerialNumber));
                    var last = (expected.Count - 1) / Limit * Limit;
                    Assert.Equal(expected.Skip(last), (await inventory.ListAsync(filter, now, null, last, Limit, default)).Certificates
                        .Select(certificate => certificate.SerialNumber));
                }
            }

            foreach (var filter in new AuditFilter[]
            {
                new(),
                new() { Outcome = AuditOutcome.Done },
                new() { Action = AuditAction.ScepPkcsReq },
            })
            {
                var events = await db.AuditEvents.AsNoTracking().ToListAsync();
                Assert.Equal(
                    events.Count(audit => Matches(audit, filter)), (await database.Audit.ListAsync(filter, null, 0, Limit, default)).Total);
            }
        }
    }

    private static IEnumerable<int> Skips(int total) =>
        new[] { 0, Limit, total / 2, total - Limit, (total - 1) / Limit * Limit, total - 1, total, total + 7 }.Where(skip => skip >= 0)
            .Distinct();

    private static bool Matches(IssuedCertificate certificate, CertificateFilter filter, DateTimeOffset? at = null)
    {
        var now = at ?? Now;
        var status = certificate.RevocationReason == RevocationReason.CertificateHold ? CertificateStatus.OnHold
            : certificate.IsRevoked ? CertificateStatus.Revoked
            : certificate.NotAfter <= now ? CertificateStatus.Expired
            : CertificateStatus.Active;
        return (filter.Status ?? status) == status
            && (filter.IssuerId ?? certificate.IssuerId) == certificate.IssuerId
            && (filter.ProfileId ?? certificate.ProfileId) == certificate.ProfileId
            && (filter.PathId ?? certificate.PathId) == certificate.PathId
            && (filter.Source ?? certificate.Source) == certificate.Source
            && (filter.SerialNumber ?? certificate.SerialNumber) == certificate.SerialNumber
            && !(certificate.NotAfter >= filter.ExpiresBefore) && !(certificate.NotAfter < filter.ExpiresAfter)
            && !(certificate.CreatedAt >= filter.CreatedBefore) && !(certificate.CreatedAt < filter.CreatedAfter)
            && (filter.Text is not { } text || Contains(text, certificate.Subject)
                || certificate.SubjectAltNames.Any(name => Contains(text, name)));
    }

    private static bool Matches(AuditEvent audit, AuditFilter filter) =>
        (filter.Action ?? audit.Action) == audit.Action
        && (filter.Actor ?? audit.Actor) == audit.Actor
        && (filter.ResourceType ?? audit.ResourceType) == audit.ResourceType
        && (filter.ResourceId ?? audit.ResourceId) == audit.ResourceId
        && (filter.Outcome ?? audit.Outcome) == audit.Outcome
        && (filter.Reason ?? audit.Reason) == audit.Reason
        && (filter.PathId ?? audit.PathId) == audit.PathId
        && (filter.TransactionId ?? audit.TransactionId) == audit.TransactionId
        && (filter.SerialNumber ?? audit.SerialNumber) == audit.SerialNumber
        && !(audit.Timestamp < filter.From) && !(audit.Timestamp >= filter.To)
        && (filter.Text is not { } text || Contains(text, audit.Subject) || Contains(text, audit.Detail)
            || Contains(text, audit.DeviceName) || Contains(text, audit.ClaimSubject));

    private static bool Contains(string text, string? within) => within?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;

    private static AuditEvent Act(string action, DateTimeOffset at) => new()
    {
        Id = Guid.CreateVersion7(at),
        Timestamp = at,
        Actor = "olga",
        ActorType = "User",
        Action = action,
        Outcome = AuditOutcome.Done,
        ResourceType = "certificate",
        ResourceId = "",
    };
}
