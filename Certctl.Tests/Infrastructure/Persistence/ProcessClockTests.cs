using System.Security.Cryptography;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Journal;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>
/// Two processes on one PostgreSQL, of which one has a clock that is wrong by hours or days:
/// nothing is deleted, ended or opened again because of it.
/// </summary>
public sealed class ProcessClockTests(PostgresDatabases databases) : PersistenceTests(databases), IClassFixture<PostgresDatabases>
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    /// <summary>Hours by which the wrong clock is ahead; behind, below zero.</summary>
    public static TheoryData<int> Shifts => [-72, -3, 3, 72];

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task An_answer_is_held_for_its_window_whichever_process_wrote_it_and_whichever_is_asked(int hours)
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var wrong = OpenWrong(right, hours);
        var (one, other) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));

        await CommitAsync(wrong, one);
        await CommitAsync(right, other);
        Assert.IsType<JournalVerdict.AlreadyAnswered>(await right.Journal.CommitAsync(TestEntries.Issued(Now, one), default));
        Assert.IsType<JournalVerdict.AlreadyAnswered>(
            await wrong.Journal.CommitAsync(TestEntries.Issued(wrong.Clock.GetUtcNow(), other), default));
        Assert.NotNull(await wrong.Enrolments.FindAnswerAsync(other, TimeSpan.FromMinutes(1), default));
        Assert.NotNull(await right.Enrolments.FindAnswerAsync(one, TestEntries.Hold - TimeSpan.FromSeconds(1), default));
        Assert.Null(await right.Enrolments.FindAnswerAsync(one, TestEntries.Hold, default));

        await right.SetTimeAsync(Now + TestEntries.Hold);
        await CommitAsync(right, one);
        await CommitAsync(wrong, other);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(72)]
    [InlineData(-72)]
    public async Task The_sweep_of_a_process_whose_clock_is_wrong_takes_nothing_that_counts(int hours)
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var wrong = OpenWrong(right, hours);
        await right.Journal.CommitAsync(
            TestEntries.Issued(Now) with { Use = Use(TestEntries.Issued(Now), hours: 1), Budget = Budget(1) }, default);

        Assert.Equal(0, await wrong.Get<IClaimSweep>().SweepAsync(default));

        // And takes what is over by the database's time, whatever the process thinks.
        await right.SetTimeAsync(Now.AddHours(25));
        Assert.Equal(2, await wrong.Get<IClaimSweep>().SweepAsync(default));
    }

    [Theory]
    [InlineData(-72)]
    [InlineData(0)]
    [InlineData(72)]
    public async Task A_challenge_whose_claim_was_swept_is_still_used_and_its_own_request_still_answered(int hours)
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var wrong = OpenWrong(right, hours);
        var first = TestEntries.Issued(Now);
        var use = Use(first, hours: 1);
        await right.Journal.CommitAsync(first with { Use = use }, default);
        await right.SetTimeAsync(Now.AddHours(2));
        Assert.Equal(1, await right.Get<IClaimSweep>().SweepAsync(default));

        var another = TestEntries.Issued(Now) with { Use = use };
        var again = Repeat(first) with { Use = use };
        Assert.Equal(first.Enrolment.Id, (await wrong.Enrolments.FindUseAsync(use, default))!.EnrolmentId);
        Assert.Equal(
            first.Enrolment.Id,
            Assert.IsType<JournalVerdict.Replayed>(await wrong.Journal.CommitAsync(WithToken(another, first), default)).EnrolmentId);
        Assert.Equal(
            first.Certificate!.SerialNumber,
            Assert.IsType<JournalVerdict.AlreadyAnswered>(
                await wrong.Journal.CommitAsync(again, default)).Stored.Certificate!.SerialNumber);
        await using var db = right.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
    }

    [Fact]
    public async Task A_challenge_that_was_used_is_found_by_its_token_whatever_its_claim_is_called()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var first = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(first with { Use = Use(first, hours: 1) }, default);
        Assert.NotNull(await database.Enrolments.FindUseAsync(
            new ChallengeUse(RandomNumberGenerator.GetBytes(32), first.Enrolment.TokenSha256!, Now), default));
    }

    [Fact]
    public async Task A_challenge_that_a_slow_process_takes_past_its_end_keeps_its_claim_for_the_sweep_of_later()
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var slow = OpenWrong(right, -72);
        var first = TestEntries.Issued(slow.Clock.GetUtcNow());
        await slow.Journal.CommitAsync(first with { Use = Use(first, hours: -71) }, default);
        Assert.Equal(0, await right.Get<IClaimSweep>().SweepAsync(default));
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task The_budget_of_a_device_is_24_hours_of_the_database(int hours)
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var wrong = OpenWrong(right, hours);
        var budget = Budget(2);
        await right.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default);
        await wrong.Journal.CommitAsync(TestEntries.Issued(wrong.Clock.GetUtcNow()) with { Budget = budget }, default);

        foreach (var process in new[] { right, wrong })
        {
            Assert.NotNull(await process.Enrolments.FindNextAllowedAsync(budget, default));
            Assert.IsType<JournalVerdict.BudgetSpent>(
                await process.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
        }

        await right.SetTimeAsync(Now.AddHours(24));
        Assert.IsType<JournalVerdict.Committed>(await wrong.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
        Assert.IsType<JournalVerdict.Committed>(await right.Journal.CommitAsync(TestEntries.Issued(Now) with { Budget = budget }, default));
    }

    [Fact]
    public async Task A_request_that_waits_lapses_by_the_database_and_by_nothing_else()
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var ahead = OpenWrong(right, 24 * 30);
        await using var behind = OpenWrong(right, -24 * 30);
        var (one, other) = (TestEntries.Pending(ahead.Clock.GetUtcNow()), TestEntries.Pending(behind.Clock.GetUtcNow()));
        await ahead.Journal.CommitAsync(one, default);
        await behind.Journal.CommitAsync(other, default);

        foreach (var process in new[] { right, ahead, behind })
        {
            Assert.Equal(2, await process.Get<IApprovalRepository>().CountWaitingAsync(default));
            Assert.Equal(
                [EnrolmentState.Pending, EnrolmentState.Pending],
                (await process.Get<IApprovalRepository>().ListAsync(all: false, 10, default)).Select(row => row.State));
            Assert.Equal(EnrolmentState.Pending, (await FindAsync(process, one))!.State);
        }

        Assert.IsType<DecisionVerdict.Counted>(await DecideAsync(ahead, one));
        await right.SetTimeAsync(Now + TestEntries.Wait);
        foreach (var process in new[] { right, ahead, behind })
            Assert.Equal(EnrolmentState.Expired, (await FindAsync(process, other))!.State);
        Assert.Equal(new DecisionVerdict.NotWaiting(EnrolmentState.Expired), await DecideAsync(behind, other));
    }

    [Fact]
    public async Task A_poll_finds_the_request_that_came_last_also_when_the_one_before_came_through_a_process_whose_clock_is_ahead()
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var ahead = OpenWrong(right, 5);
        var (first, second) = (TestEntries.Issued(ahead.Clock.GetUtcNow()), TestEntries.Issued(Now));
        first.Enrolment.SignerKeySha256.CopyTo(second.Enrolment.SignerKeySha256, 0);
        await ahead.Journal.CommitAsync(first, default);
        await right.SetTimeAsync(Now.AddSeconds(1));
        await right.Journal.CommitAsync(second, default);

        Assert.Equal(second.Enrolment.Id, (await FindAsync(ahead, second))!.Enrolment.Id);
    }

    [Theory]
    [MemberData(nameof(Shifts))]
    public async Task What_a_new_certificate_supersedes_is_revoked_at_the_databases_time(int hours)
    {
        if (!IsAvailable)
            return;
        await using var right = await OpenAsync();
        await using var wrong = OpenWrong(right, hours);
        var old = TestEntries.Issued(Now) with { MaxActiveCertificates = 1 };
        await right.Journal.CommitAsync(old, default);
        await wrong.Journal.CommitAsync(TestEntries.Issued(wrong.Clock.GetUtcNow()) with { MaxActiveCertificates = 1 }, default);

        var revoked = (await right.Enrolments.FindCertificateAsync("iss-local", old.Certificate!.SerialNumber, default))!;
        Assert.Equal(
            (RevocationReason.Superseded, Now.AddTicks(-(Now.Ticks % TimeSpan.TicksPerMicrosecond))),
            (revoked.RevocationReason, revoked.RevokedAt));
    }

    /// <summary>A process whose clock is ahead by so many hours.</summary>
    private TestDatabase OpenWrong(TestDatabase right, int hours)
    {
        var wrong = OpenBeside(right);
        wrong.Clock.AdjustTime(Now.AddHours(hours));
        return wrong;
    }

    private static async Task CommitAsync(TestDatabase process, byte[] key) =>
        Assert.IsType<JournalVerdict.Committed>(
            await process.Journal.CommitAsync(TestEntries.Issued(process.Clock.GetUtcNow(), key), default));

    private static ChallengeUse Use(JournalEntry entry, int hours) =>
        new(RandomNumberGenerator.GetBytes(32), entry.Enrolment.TokenSha256!, Now.AddHours(hours));

    private static DeviceBudget Budget(int limit) => new(RandomNumberGenerator.GetBytes(32), limit);

    /// <summary>Another request with the token of <paramref name="first"/>.</summary>
    private static JournalEntry WithToken(JournalEntry entry, JournalEntry first)
    {
        first.Enrolment.TokenSha256!.CopyTo(entry.Enrolment.TokenSha256!, 0);
        return entry;
    }

    /// <summary>The same CSR and token again, under a retry key that has lapsed.</summary>
    private static JournalEntry Repeat(JournalEntry first)
    {
        var entry = WithToken(TestEntries.Issued(Now), first);
        first.Enrolment.CsrSha256.CopyTo(entry.Enrolment.CsrSha256, 0);
        return entry;
    }

    private static Task<StoredEnrolment?> FindAsync(TestDatabase process, JournalEntry entry) =>
        process.Enrolments.FindByTransactionAsync(
            entry.Enrolment.PathId, entry.Enrolment.TransactionId, entry.Enrolment.SignerKeySha256, default);

    private static Task<DecisionVerdict> DecideAsync(TestDatabase process, JournalEntry entry) =>
        process.Get<IApprovalRepository>().DecideAsync(
            new EnrolmentDecision
            {
                EnrolmentId = entry.Enrolment.Id,
                Actor = "olga",
                Principal = "olga",
                Approved = true,
                Note = "",
                DecidedAt = process.Clock.GetUtcNow(),
            }, TestEntries.Audit(Now, null), default);
}
