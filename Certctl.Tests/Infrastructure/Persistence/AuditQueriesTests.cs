using System.Text.RegularExpressions;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Architecture;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class PostgresAuditQueriesTests(PostgresDatabases databases) : AuditQueriesTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteAuditQueriesTests(SqliteDatabases databases) : AuditQueriesTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>The queries of docs/auditing.md find nothing in a database that is in order, and what was changed past the server.</summary>
public abstract partial class AuditQueriesTests(IDatabases databases) : PersistenceTests(databases)
{
    private const string CertificatesWithoutEvent = "Every certificate has its event";
    private const string IssuancesWithoutCertificate = "Every issuance has one certificate";
    private const string RevocationsWithoutEvent = "Every revocation has its event";
    private const string ChallengesUsedTwice = "A signed challenge brought one certificate";
    private const string TooFewApprovals = "Nothing was issued with fewer approvals than the profile asks for";
    private const string WhoApproved = "Who approved a certificate";
    private const string History = "The history of one certificate";
    private const string ActsOfOperators = "What operators did";
    private const string Refusals = "Refusals by reason";
    private const string Triggers = "The triggers are in place";

    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public void Each_query_of_the_page_is_run_here() => Assert.Equal(
        [
            CertificatesWithoutEvent, IssuancesWithoutCertificate, RevocationsWithoutEvent, ChallengesUsedTwice, TooFewApprovals,
            WhoApproved, History, ActsOfOperators, Refusals, Triggers,
        ],
        Queries().Select(query => query.Heading).Distinct());

    [Fact]
    public async Task What_was_changed_past_the_server_is_found()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var first = await CommitAsync(database, TestEntries.Issued(Now));
        await CommitAsync(database, TestEntries.Issued(Now.AddDays(1)) with { MaxActiveCertificates = 1 });
        foreach (var query in new[] { CertificatesWithoutEvent, IssuancesWithoutCertificate, RevocationsWithoutEvent, ChallengesUsedTwice })
            Assert.Empty(await RunAsync(database, query));

        await using var db = database.Open();
        var stray = TestEntries.Certificate(Now);

        // EF reads the field behind it, which is filled when it is first asked for.
        Assert.NotEmpty(stray.NameSha256);
        db.Certificates.Add(stray);
        await db.SaveChangesAsync();
        Assert.Equal(stray.SerialNumber, Assert.Single(await RunAsync(database, CertificatesWithoutEvent))["serial_number"]);

        await db.Certificates.Where(certificate => certificate.SerialNumber == stray.SerialNumber)
            .ExecuteUpdateAsync(set => set
                .SetProperty(certificate => certificate.RevokedAt, Now)
                .SetProperty(certificate => certificate.RevocationReason, RevocationReason.KeyCompromise));
        Assert.Equal(stray.SerialNumber, Assert.Single(await RunAsync(database, RevocationsWithoutEvent))["serial_number"]);

        var gone = new string('e', 40);
        await database.Audit.AppendAsync(TestEntries.Audit(Now, gone), default);
        await database.Audit.AppendAsync(TestEntries.Audit(Now, first.Certificate!.SerialNumber), default);
        Assert.Equal(
            new[] { gone, first.Certificate.SerialNumber }.Order(),
            (await RunAsync(database, IssuancesWithoutCertificate)).Select(row => (string)row["serial_number"]).Order());

        await db.Enrolments.ExecuteUpdateAsync(set => set.SetProperty(enrolment => enrolment.TokenSha256, new byte[32]));
        Assert.Equal(2L, Assert.Single(await RunAsync(database, ChallengesUsedTwice))["certificates"]);
    }

    [Fact]
    public async Task Approvals_are_counted_by_principal_and_shown_with_their_actors()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        await db.CertificateProfiles.ExecuteUpdateAsync(set => set
            .SetProperty(profile => profile.RequiresApproval, true)
            .SetProperty(profile => profile.ApprovalsRequired, 2));
        var waiting = await CommitAsync(database, TestEntries.Pending(Now));
        foreach (var person in new[] { "olga", "paul" })
            Assert.IsType<DecisionVerdict.Counted>(await ApproveAsync(database, waiting.Enrolment.Id, person));
        var approved = await db.Enrolments.AsNoTracking().SingleAsync();
        var issued = await CommitAsync(database, TestEntries.Completing(approved, waiting.RequestKey, Now));
        var serial = issued.Certificate!.SerialNumber;

        Assert.Empty(await RunAsync(database, TooFewApprovals));
        Assert.Equal(["olga", "paul"], (await RunAsync(database, WhoApproved, serial)).Select(row => (string)row["actor"]).Order());
        Assert.Equal(["paul", "olga"], (await RunAsync(database, ActsOfOperators)).Select(row => (string)row["actor"]));

        await db.EnrolmentDecisions.Where(decision => decision.Actor == "paul")
            .ExecuteUpdateAsync(set => set.SetProperty(decision => decision.Principal, "OLGA"));
        Assert.Equal(1L, Assert.Single(await RunAsync(database, TooFewApprovals))["approvals"]);
        await db.EnrolmentDecisions.ExecuteDeleteAsync();
        var none = Assert.Single(await RunAsync(database, TooFewApprovals));
        Assert.Equal(serial, none["serial_number"]);
        Assert.Equal(0L, none["approvals"]);
    }

    [Fact]
    public async Task History_refusals_and_triggers_are_shown()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var old = await CommitAsync(database, TestEntries.Issued(Now));
        await CommitAsync(database, TestEntries.Issued(Now.AddDays(1)) with { MaxActiveCertificates = 1 });
        var refusal = TestEntries.Audit(Now, null) with { Outcome = AuditOutcome.Refused, Reason = "challenge_wrong" };
        await database.Audit.AppendAsync(refusal with { Count = 41 }, default);
        await database.Audit.AppendAsync(refusal with { Id = Guid.CreateVersion7(Now) }, default);

        var history = await RunAsync(database, History, old.Certificate!.SerialNumber);
        Assert.Equal([AuditAction.ScepPkcsReq, AuditAction.CertificateRevoked], history.Select(row => (string)row["action"]));
        var refused = Assert.Single(await RunAsync(database, Refusals));
        Assert.Equal("challenge_wrong", refused["reason"]);
        Assert.Equal(42L, refused["refusals"]);
        var triggers = (await RunAsync(database, Triggers)).Select(row => $"{row.Values.First()}").ToList();
        Assert.Equal(
            Kind == DatabaseKind.Sqlite
                ? ["audit_events_no_delete", "audit_events_no_replace", "audit_events_no_update"]
                : ["audit_events_append_only"],
            triggers);
    }

    private static async Task<JournalEntry> CommitAsync(TestDatabase database, JournalEntry entry)
    {
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));
        return entry;
    }

    private static async Task<DecisionVerdict> ApproveAsync(TestDatabase database, Guid enrolment, string person)
    {
        // Each person a millisecond later: the order of events is that of their ids.
        await database.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var now = database.Clock.GetUtcNow();
        var audit = TestEntries.Audit(now, null) with
        {
            Actor = person,
            ActorType = "User",
            Action = AuditAction.EnrolmentApproved,
            Outcome = AuditOutcome.Done,
            ResourceType = "enrolment",
        };
        return await database.Get<IApprovalRepository>().DecideAsync(
            new EnrolmentDecision
            {
                EnrolmentId = enrolment,
                Actor = person,
                Principal = person,
                Approved = true,
                Note = "",
                DecidedAt = now,
            },
            audit,
            default);
    }

    private async Task<List<Dictionary<string, object>>> RunAsync(TestDatabase database, string heading, string serial = "")
    {
        var other = Kind == DatabaseKind.Sqlite ? "postgres" : "sqlite";
        var sql = Queries().Single(query => query.Heading == heading && query.Only != other).Sql;
        await using var db = database.Open();
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql.Replace("SERIAL", serial, StringComparison.Ordinal);
        await using var reader = await command.ExecuteReaderAsync();
        List<Dictionary<string, object>> rows = [];
        while (await reader.ReadAsync())
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, reader.GetValue, StringComparer.Ordinal));
        return rows;
    }

    private static List<(string Heading, string Only, string Sql)> Queries()
    {
        var sections = SourceTree.Read("docs/auditing.md").Split("\n### ").Skip(1);
        return
        [
            .. sections.SelectMany(section => Fence().Matches(section)
                .Select(match => (section.Split('\n')[0], match.Groups[1].Value, match.Groups[2].Value))),
        ];
    }

    [GeneratedRegex(@"^```sql ?(\w*)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
