using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfApprovalRepositoryTests(PostgresDatabases databases)
    : EfApprovalRepositoryTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfApprovalRepositoryTests(SqliteDatabases databases)
    : EfApprovalRepositoryTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfApprovalRepositoryTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task Of_many_operators_at_once_one_decides_and_the_trail_says_who()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = await ParkedAsync(database);

        var verdicts = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(() => DecideAsync(database, entry, $"operator {i}", approved: i % 2 == 0))));

        var winner = Assert.Single(Enumerable.Range(0, 8), i => verdicts[i] is DecisionVerdict.Counted);
        Assert.All(verdicts.Where((_, i) => i != winner), verdict => Assert.IsType<DecisionVerdict.NotWaiting>(verdict));
        await using var db = database.Open();
        var stored = await db.Enrolments.SingleAsync();
        Assert.Equal($"operator {winner}", stored.DecidedBy);
        Assert.Equal(winner % 2 == 0 ? EnrolmentState.Approved : EnrolmentState.Denied, stored.State);
        Assert.Equal(Stored.Time(Now), stored.DecidedAt);
        Assert.Equal(winner % 2 == 0, (await db.EnrolmentDecisions.SingleAsync()).Approved);
        var audit = await db.AuditEvents.SingleAsync(audit => audit.ResourceType == "enrolment");
        Assert.Equal(
            ($"operator {winner}", entry.Enrolment.Subject, "tx-1", "corp"),
            (audit.Actor, audit.Subject, audit.TransactionId, audit.PathId));
    }

    [Fact]
    public async Task Two_different_operators_are_two_and_none_counts_twice()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, approvals: 2);
        var entry = await ParkedAsync(database);

        Assert.Equal(new DecisionVerdict.Counted(1, 2), await DecideAsync(database, entry, "olga", approved: true));
        Assert.IsType<DecisionVerdict.DecidedBefore>(await DecideAsync(database, entry, "olga", approved: true));
        Assert.IsType<DecisionVerdict.DecidedBefore>(await DecideAsync(database, entry, "OLGA", approved: false));
        Assert.Equal(EnrolmentState.Pending, await StateAsync(database));

        // A key that olga made, and one whose maker has a key made by olga.
        Assert.Equal(
            new DecisionVerdict.DecidedBefore("olga"), await DecideAsync(database, entry, "other", approved: true, principal: "Olga"));
        Assert.Equal(EnrolmentState.Pending, await StateAsync(database));

        Assert.Equal(new DecisionVerdict.Counted(2, 2), await DecideAsync(database, entry, "paul", approved: true));
        Assert.Equal(EnrolmentState.Approved, await StateAsync(database));
        Assert.Equal(new DecisionVerdict.NotWaiting(EnrolmentState.Approved), await DecideAsync(database, entry, "eve", approved: false));
    }

    [Fact]
    public async Task What_is_approved_is_held_anew_so_that_a_late_repeat_does_not_wait_again()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, approvals: 2);
        var entry = await ParkedAsync(database);
        var (late, repeat) = (entry.Enrolment.HeldUntil.AddMinutes(-1), entry.Enrolment.HeldUntil.AddMinutes(1));

        await database.AdvanceAsync(late - Now);
        await DecideAsync(database, entry, "olga", approved: true);
        Assert.Null(await AnswerAsync(database, entry, repeat - late));
        await DecideAsync(database, entry, "paul", approved: true);
        Assert.Equal(EnrolmentState.Approved, (await AnswerAsync(database, entry, repeat - late))!.Enrolment.State);
    }

    [Fact]
    public async Task Of_four_operators_at_once_all_four_count()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, approvals: 4);
        var entry = await ParkedAsync(database);

        var verdicts = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => Task.Run(() => DecideAsync(database, entry, $"operator {i}", approved: true))));

        Assert.Equal([1, 2, 3, 4], verdicts.Select(verdict => Assert.IsType<DecisionVerdict.Counted>(verdict).Approvals).Order());
        Assert.Equal(EnrolmentState.Approved, await StateAsync(database));
    }

    [Fact]
    public async Task One_denial_ends_it_whatever_was_said_before()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, approvals: 2);
        var entry = await ParkedAsync(database);

        await DecideAsync(database, entry, "olga", approved: true);
        Assert.IsType<DecisionVerdict.Counted>(await DecideAsync(database, entry, "paul", approved: false));
        Assert.Equal(EnrolmentState.Denied, await StateAsync(database));
    }

    [Fact]
    public async Task What_has_lapsed_is_issued_or_never_was_cannot_be_decided()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = await ParkedAsync(database);

        await database.AdvanceAsync(TestEntries.Wait);
        Assert.Equal(new DecisionVerdict.NotWaiting(EnrolmentState.Expired), await DecideAsync(database, entry, "olga", approved: true));
        Assert.Equal(EnrolmentState.Pending, await StateAsync(database));
        Assert.IsType<DecisionVerdict.Unknown>(await DecideAsync(database, TestEntries.Pending(Now), "olga", approved: true));
        var issued = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(issued, default);
        Assert.Equal(new DecisionVerdict.NotWaiting(EnrolmentState.Issued), await DecideAsync(database, issued, "olga", approved: true));
    }

    [Fact]
    public async Task What_lapses_while_a_decision_waits_for_a_lock_is_not_decided()
    {
        if (!IsAvailable || Kind == DatabaseKind.Sqlite)
            return;
        await using var database = await OpenAsync();
        var entry = await ParkedAsync(database);
        await using var holder = await database.Get<Npgsql.NpgsqlDataSource>().OpenConnectionAsync();
        await ExecuteAsync("BEGIN; SELECT * FROM enrolments FOR UPDATE");
        var deciding = DecideAsync(database, entry, "olga", approved: true);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await ExecuteAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')") is 0L)
            await Task.Delay(20, patience.Token);

        await database.AdvanceAsync(TestEntries.Wait);
        await ExecuteAsync("ROLLBACK");

        Assert.Equal(new DecisionVerdict.NotWaiting(EnrolmentState.Expired), await deciding.WaitAsync(patience.Token));

        async Task<object?> ExecuteAsync(string sql)
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, holder);
            return await command.ExecuteScalarAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_decision_whose_audit_event_cannot_be_written_is_no_decision()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = await ParkedAsync(database);

        // The id is taken.
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(
            () => database.Get<IApprovalRepository>().DecideAsync(Decision(entry, "olga", true, Now), entry.Audit, default));

        Assert.Equal(EnrolmentState.Pending, await StateAsync(database));
        await using var db = database.Open();
        Assert.Empty(await db.EnrolmentDecisions.ToListAsync());
    }

    [Fact]
    public async Task The_list_shows_what_waits_oldest_first_with_all_that_a_decision_needs()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, approvals: 2);
        var (lapsed, older, newer) = (TestEntries.Pending(Now), TestEntries.Pending(Now.AddDays(8)), TestEntries.Pending(Now.AddDays(8)));
        await database.Journal.CommitAsync(lapsed, default);
        await database.AdvanceAsync(TimeSpan.FromDays(8));
        await database.Journal.CommitAsync(older, default);
        await database.AdvanceAsync(TimeSpan.FromMinutes(1));
        foreach (var entry in new[] { newer, TestEntries.Issued(Now) })
            await database.Journal.CommitAsync(entry, default);
        await DecideAsync(database, older, "olga", approved: true);

        var waiting = await database.Get<IApprovalRepository>().ListAsync(all: false, 10, default);
        Assert.Equal([older.Enrolment.Id, newer.Enrolment.Id], waiting.Select(row => row.Id));
        var row = waiting[0];
        Assert.Equal(
            (older.Enrolment.Subject, "RSA-2048", "127.0.0.1", "tx-1", "Static current", 2),
            (row.Subject, row.KeyAlgorithm, row.SourceAddress, row.TransactionId, row.VouchedBy, row.ApprovalsRequired));
        Assert.Equal(Convert.ToHexStringLower(older.Enrolment.PublicKeySha256), row.PublicKeySha256);
        Assert.Equal(("olga", true, "because"), (row.Decisions[0].Actor, row.Decisions[0].Approved, row.Decisions[0].Note));

        var all = await database.Get<IApprovalRepository>().ListAsync(all: true, 10, default);
        Assert.Equal([EnrolmentState.Expired, EnrolmentState.Pending, EnrolmentState.Pending], all.Select(row => row.State));
    }

    [Fact]
    public async Task A_key_that_was_made_under_a_name_and_the_person_of_that_name_are_one()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await RequireAsync(database, 2);
        var entry = await ParkedAsync(database);
        Assert.Equal(new DecisionVerdict.Counted(1, 2), await DecideAsync(database, entry, "key", approved: true, principal: "oidc:alice"));

        Assert.Equal(
            new DecisionVerdict.DecidedBefore("key"),
            await DecideAsync(database, entry, "oidc:alice", approved: true, principal: "oidc:42"));
        Assert.Equal(
            new DecisionVerdict.DecidedBefore("key"), await DecideAsync(database, entry, "other", approved: true, principal: "KEY"));
    }

    private static EnrolmentDecision Decision(
        JournalEntry entry, string actor, bool approved, DateTimeOffset at, string? principal = null) =>
        new()
        {
            EnrolmentId = entry.Enrolment.Id,
            Actor = actor,
            Principal = principal ?? actor,
            Approved = approved,
            Note = "because",
            DecidedAt = at,
        };

    private static Task<DecisionVerdict> DecideAsync(
        TestDatabase database, JournalEntry entry, string actor, bool approved, DateTimeOffset? at = null, string? principal = null) =>
        database.Get<IApprovalRepository>().DecideAsync(
            Decision(entry, actor, approved, at ?? Now, principal),
            TestEntries.Audit(Now, null) with
            {
                Actor = actor,
                Action = approved ? AuditAction.EnrolmentApproved : AuditAction.EnrolmentDenied,
                ResourceType = "enrolment",
                Subject = null,
            },
            default);

    private static Task<StoredEnrolment?> AnswerAsync(TestDatabase database, JournalEntry entry, TimeSpan margin) =>
        database.Get<IEnrolmentRepository>().FindAnswerAsync(entry.RequestKey, margin, default);

    private static async Task<JournalEntry> ParkedAsync(TestDatabase database)
    {
        var version = (await database.Profiles.FindAsync(CertificateProfile.DefaultId, fresh: true, default))!.Version;
        var entry = TestEntries.Pending(Now) with { ProfileVersion = version };
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));
        return entry;
    }

    private static async Task RequireAsync(TestDatabase database, int approvals)
    {
        await using var db = database.Open();
        Assert.Equal(
            1, await db.CertificateProfiles.ExecuteUpdateAsync(set => set.SetProperty(profile => profile.ApprovalsRequired, approvals)));
    }

    private static async Task<EnrolmentState> StateAsync(TestDatabase database)
    {
        await using var db = database.Open();
        return (await db.Enrolments.AsNoTracking().OrderBy(enrolment => enrolment.CreatedAt).FirstAsync()).State;
    }
}
