using System.Security.Cryptography;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Journal;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Journal;

public sealed class PostgresJournalClaimTests(PostgresDatabases databases) : JournalClaimTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteJournalClaimTests(SqliteDatabases databases) : JournalClaimTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>
/// What an enrolment claims besides its retry key: the one use of a signed challenge, a place in the device's budget.
/// All of it, or nothing.
/// </summary>
public abstract class JournalClaimTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task A_request_that_has_lapsed_is_answered_as_lapsed_when_its_challenge_comes_again()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var use = Use(hours: 24 * 30);
        var first = TestEntries.Pending(Now) with { Use = use };
        await database.Journal.CommitAsync(first, default);
        await database.AdvanceAsync(TestEntries.Wait);

        var again = TestEntries.Issued(Now) with { Use = use };
        again = again with
        {
            Enrolment = TestEntries.Enrolment(Now, Now, csrSha256: first.Enrolment.CsrSha256)
                .Issued("iss-local", again.Certificate!.SerialNumber, Now + TestEntries.Hold),
        };
        var answered = Assert.IsType<JournalVerdict.AlreadyAnswered>(await database.Journal.CommitAsync(again, default));

        Assert.Equal((first.Enrolment.Id, EnrolmentState.Expired), (answered.Stored.Enrolment.Id, answered.Stored.State));
    }

    [Fact]
    public async Task A_challenge_is_spent_by_the_request_that_first_brought_it()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var use = Use();
        var first = TestEntries.Issued(Now) with { Use = use };

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(first, default));
        var second = await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = use }, default);

        Assert.Equal(first.Enrolment.Id, Assert.IsType<JournalVerdict.Replayed>(second).EnrolmentId);
        Assert.Equal(first.Enrolment.CsrSha256, (await database.Enrolments.FindUseAsync(use, default))!.CsrSha256);
        await using var db = database.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
        Assert.Equal(1, await db.EnrolmentAnswers.CountAsync());
        Assert.Equal(1, await db.AuditEvents.CountAsync());
    }

    [Fact]
    public async Task The_same_request_is_answered_with_the_same_certificate_also_when_its_retry_key_has_lapsed()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var use = Use(hours: 20);
        var first = TestEntries.Issued(Now) with { Use = use };
        await database.Journal.CommitAsync(first, default);
        await database.AdvanceAsync(TestEntries.Hold * 2);

        var again = TestEntries.Issued(Now) with { Use = use };
        again = again with
        {
            Enrolment = TestEntries.Enrolment(Now, Now, csrSha256: first.Enrolment.CsrSha256)
                .Issued("iss-local", again.Certificate!.SerialNumber, Now + TestEntries.Hold),
        };
        var verdict = await database.Journal.CommitAsync(again, default);

        Assert.Equal(
            first.Certificate!.SerialNumber, Assert.IsType<JournalVerdict.AlreadyAnswered>(verdict).Stored.Certificate!.SerialNumber);
    }

    [Fact]
    public async Task A_challenge_that_was_used_stays_used_when_its_time_is_over()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var use = Use();
        await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = use }, default);
        await database.AdvanceAsync(TimeSpan.FromHours(1));

        Assert.NotNull(await database.Enrolments.FindUseAsync(use, default));
        Assert.IsType<JournalVerdict.Replayed>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = use with { KeptUntil = Now.AddHours(2) } }, default));
    }

    [Fact]
    public async Task Of_a_hundred_that_race_with_one_challenge_through_two_processes_one_gets_through()
    {
        if (!IsAvailable)
            return;
        await using var one = await OpenAsync();
        await using var other = OpenBeside(one);
        var use = Use();

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() =>
            (i % 2 == 0 ? one : other).Journal.CommitAsync(TestEntries.Issued(Now) with { Use = use, Budget = Budget(50) }, default))));

        var winner = Assert.Single(verdicts.OfType<JournalVerdict.Committed>());
        Assert.Equal(99, verdicts.OfType<JournalVerdict.Replayed>().Count());
        await using var db = one.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
        Assert.Equal(1, await db.DeviceSlots.CountAsync());
        Assert.Equal(1, await db.EnrolmentAnswers.CountAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public async Task Of_forty_that_race_for_one_device_through_two_processes_as_many_get_through_as_it_may_have(int limit)
    {
        if (!IsAvailable)
            return;
        await using var one = await OpenAsync();
        await using var other = OpenBeside(one);
        var budget = Budget(limit);

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() =>
            (i % 2 == 0 ? one : other).Journal.CommitAsync(TestEntries.Issued(Now) with { Use = Use(), Budget = budget }, default))));

        Assert.Equal(limit, verdicts.OfType<JournalVerdict.Committed>().Count());
        Assert.All(verdicts.OfType<JournalVerdict.BudgetSpent>(), spent => Assert.Equal(Microseconds(Now.AddHours(24)), spent.AllowedFrom));
        Assert.Equal(40 - limit, verdicts.OfType<JournalVerdict.BudgetSpent>().Count());
        await using var db = one.Open();
        Assert.Equal(limit, await db.Certificates.CountAsync());

        // A refused request has consumed nothing.
        Assert.Equal(limit, await db.ChallengeUses.CountAsync());
        Assert.Equal(limit, await db.EnrolmentAnswers.CountAsync());
    }

    [Fact]
    public async Task The_window_slides_certificate_by_certificate()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var budget = Budget(2);
        await TakeAsync();
        await database.AdvanceAsync(TimeSpan.FromHours(10));
        await TakeAsync();

        Assert.Equal(Microseconds(Now.AddHours(24)), await database.Enrolments.FindNextAllowedAsync(budget, default));
        await database.AdvanceAsync(TimeSpan.FromHours(14));
        Assert.Null(await database.Enrolments.FindNextAllowedAsync(budget, default));
        await TakeAsync();
        Assert.Equal(Microseconds(Now.AddHours(34)), await database.Enrolments.FindNextAllowedAsync(budget, default));
        Assert.IsType<JournalVerdict.BudgetSpent>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));

        async Task TakeAsync() => Assert.IsType<JournalVerdict.Committed>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
    }

    [Fact]
    public async Task A_limit_that_was_lowered_counts_what_was_issued_under_the_higher_one()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var budget = Budget(5);
        for (var i = 0; i < 4; i++)
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default);

        Assert.IsType<JournalVerdict.BudgetSpent>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget with { Limit = 3 } }, default));
        Assert.IsType<JournalVerdict.Committed>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
    }

    [Fact]
    public async Task A_spent_budget_spends_no_challenge_and_costs_its_neighbours_nothing()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (budget, use) = (Budget(1), Use());
        await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default);

        var refused = database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget, Use = use }, default);
        var neighbours = Enumerable.Range(0, 20)
            .Select(_ => database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = Use() }, default)).ToList();

        Assert.IsType<JournalVerdict.BudgetSpent>(await refused);
        Assert.All(await Task.WhenAll(neighbours), verdict => Assert.IsType<JournalVerdict.Committed>(verdict));
        Assert.Null(await database.Enrolments.FindUseAsync(use, default));
    }

    [Fact]
    public async Task A_request_that_waits_keeps_its_challenge_and_is_counted_when_the_certificate_is_issued()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (budget, use) = (Budget(1), Use());
        var waiting = TestEntries.Pending(Now) with { Use = use };
        await database.Journal.CommitAsync(waiting, default);
        Assert.IsType<JournalVerdict.Replayed>(await database.Journal.CommitAsync(TestEntries.Pending(Now) with { Use = use }, default));
        var approved = await ApproveAsync(database, waiting);

        await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default);
        var completing = TestEntries.Completing(approved, waiting.RequestKey, Now) with { Budget = budget };
        Assert.IsType<JournalVerdict.BudgetSpent>(await database.Journal.CommitAsync(completing, default));
        await database.AdvanceAsync(TimeSpan.FromHours(25));
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(completing, default));
        Assert.IsType<JournalVerdict.BudgetSpent>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
    }

    [Fact]
    public async Task What_is_over_is_swept_in_small_batches_and_what_counts_stays()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var budget = Budget(1);
        await using (var db = database.Open())
        {
            db.ChallengeUses.AddRange(Enumerable.Range(0, ClaimSweep.BatchLimit + 3).Select(_ => new ChallengeUseRow
            {
                UseKey = RandomNumberGenerator.GetBytes(32),
                CsrSha256 = new byte[32],
                EnrolmentId = Guid.NewGuid(),
                KeptUntil = Now.AddHours(1),
            }));
            await db.SaveChangesAsync();
        }

        var live = Use(hours: 48);
        await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = live, Budget = budget }, default);
        var sweep = database.Get<IClaimSweep>();
        Assert.Equal(0, await sweep.SweepAsync(default));
        await database.AdvanceAsync(TimeSpan.FromHours(2));

        Assert.Equal(ClaimSweep.BatchLimit, await sweep.SweepAsync(default));
        Assert.Equal(3, await sweep.SweepAsync(default));
        Assert.Equal(0, await sweep.SweepAsync(default));
        Assert.NotNull(await database.Enrolments.FindUseAsync(live, default));
        Assert.NotNull(await database.Enrolments.FindNextAllowedAsync(budget, default));
        await database.AdvanceAsync(TimeSpan.FromHours(23));
        Assert.Equal(database.Kind == DatabaseKind.Sqlite ? 0 : 1, await sweep.SweepAsync(default));
    }

    private static ChallengeUse Use(int hours = 1) =>
        new(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), Now.AddHours(hours));

    private static DeviceBudget Budget(int limit) => new(RandomNumberGenerator.GetBytes(32), limit);

    private static async Task<Enrolment> ApproveAsync(TestDatabase database, JournalEntry waiting)
    {
        Assert.IsType<DecisionVerdict.Counted>(await database.Get<IApprovalRepository>().DecideAsync(
            new EnrolmentDecision
            {
                EnrolmentId = waiting.Enrolment.Id,
                Actor = "olga",
                Principal = "olga",
                Approved = true,
                Note = "",
                DecidedAt = Now,
            }, TestEntries.Audit(Now, null), default));
        await using var db = database.Open();
        return await db.Enrolments.AsNoTracking().SingleAsync(enrolment => enrolment.Id == waiting.Enrolment.Id);
    }

    private static DateTimeOffset Microseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}
