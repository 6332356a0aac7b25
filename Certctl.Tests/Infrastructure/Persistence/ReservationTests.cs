using System.Security.Cryptography;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

public sealed class PostgresReservationTests(PostgresDatabases databases) : ReservationTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteReservationTests(SqliteDatabases databases) : ReservationTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>
/// What is reserved at an issuer: one process at a time has it, and what the issuer signed is recorded whatever happened
/// meanwhile.
/// </summary>
public abstract class ReservationTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Of_many_processes_at_once_one_has_the_reservation_until_its_lease_ends()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (id, _) = await ReserveAsync(database);
        var reservations = database.Get<IReservations>();

        var takers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => reservations.TakeAsync(id, Lease, default))));
        var first = Assert.Single(takers, held => held is not null)!;
        Assert.False(first.WasAsked);
        Assert.Equal(Stored.Time(Now + Lease), Stored.Time(first.Enrolment.LeasedUntil!.Value));

        await database.AdvanceAsync(Lease - TimeSpan.FromMilliseconds(1));
        Assert.Null(await reservations.TakeAsync(id, Lease, default));
        await database.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var second = await reservations.TakeAsync(id, Lease, default);
        Assert.True(second!.WasAsked);

        // The first has no say any more.
        await reservations.KeepAsync(first, "stale", default);
        await reservations.RefuseAsync(first, default);
        var stored = await OnlyAsync(database);
        Assert.Equal((null, Stored.Time(Now + Lease + Lease)), (stored.IssuerReference, stored.LeasedUntil));
        Assert.True(stored.IsReserved);
    }

    [Fact]
    public async Task A_reference_is_kept_and_lets_go_of_the_lease()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (id, _) = await ReserveAsync(database);
        var reservations = database.Get<IReservations>();
        await reservations.KeepAsync((await reservations.TakeAsync(id, Lease, default))!, "order 7", default);

        var again = await reservations.TakeAsync(id, Lease, default);

        Assert.True(again!.WasAsked);
        Assert.Equal("order 7", again.Enrolment.IssuerReference);
    }

    [Fact]
    public async Task A_reservation_lapses_and_is_taken_by_none()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (id, entry) = await ReserveAsync(database);
        var pathId = entry.Enrolment.PathId;
        Assert.Equal(EnrolmentState.Approved, (await FindAsync())!.State);
        await database.AdvanceAsync(TestEntries.Wait);

        Assert.Null(await database.Get<IReservations>().TakeAsync(id, Lease, default));
        Assert.Equal(EnrolmentState.Expired, (await FindAsync())!.State);

        Task<StoredEnrolment?> FindAsync() => database.Enrolments.FindByTransactionAsync(
            pathId, entry.Enrolment.TransactionId, entry.Enrolment.SignerKeySha256, default);
    }

    [Fact]
    public async Task What_the_issuer_refuses_is_denied_and_gives_the_device_its_slot_back()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var budget = new DeviceBudget(RandomNumberGenerator.GetBytes(32), 1);
        var (id, entry) = await ReserveAsync(database, budget);
        var reservations = database.Get<IReservations>();
        Assert.NotNull(await database.Enrolments.FindNextAllowedAsync(budget, default));

        await reservations.RefuseAsync((await reservations.TakeAsync(id, Lease, default))!, default);

        Assert.Null(await database.Enrolments.FindNextAllowedAsync(budget, default));
        var stored = await OnlyAsync(database);
        Assert.Equal((EnrolmentState.Denied, "iss-local"), (stored.State, stored.IssuerId));
        Assert.Equal(id, (await database.Enrolments.FindAnswerAsync(entry.RequestKey, TimeSpan.Zero, default))!.Enrolment.Id);
        Assert.Null(await reservations.TakeAsync(id, Lease, default));
    }

    [Fact]
    public async Task What_is_reserved_claims_all_that_an_issued_enrolment_claims()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (budget, use) = (new DeviceBudget(RandomNumberGenerator.GetBytes(32), 1), NewUse());
        var (id, entry) = await ReserveAsync(database, budget, use);

        var repeat = TestEntries.Issued(Now, entry.RequestKey);
        Assert.Equal(
            id, Assert.IsType<JournalVerdict.AlreadyAnswered>(await database.Journal.CommitAsync(repeat, default)).Stored.Enrolment.Id);
        Assert.IsType<JournalVerdict.Replayed>(await database.Journal.CommitAsync(TestEntries.Issued(Now) with { Use = use }, default));
        var over = TestEntries.Issued(Now) with { Budget = budget };
        Assert.IsType<JournalVerdict.BudgetSpent>(await database.Journal.CommitAsync(over, default));
    }

    [Fact]
    public async Task The_certificate_is_recorded_once_and_whatever_became_of_the_profile()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (id, entry) = await ReserveAsync(database);
        await database.Get<IReservations>().TakeAsync(id, Lease, default);
        await using var db = database.Open();
        await db.CertificateProfiles.ExecuteUpdateAsync(set => set.SetProperty(p => p.Enabled, false).SetProperty(p => p.Version, 9));
        var record = Recording(await OnlyAsync(database), entry);

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(record, default));

        var stored = await OnlyAsync(database);
        Assert.Equal((EnrolmentState.Issued, record.Certificate!.SerialNumber), (stored.State, stored.SerialNumber));
        Assert.Equal(Stored.Time(Now + TestEntries.Hold), stored.HeldUntil);
        Assert.Equal(2, await db.AuditEvents.CountAsync());

        // By two processes, or again when the acknowledgement was lost; a second certificate is not recorded over the first.
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(record, default));
        Assert.IsType<JournalVerdict.AlreadyAnswered>(await database.Journal.CommitAsync(Recording(entry.Enrolment, entry), default));
        Assert.Equal((1, 2), (await db.Certificates.CountAsync(), await db.AuditEvents.CountAsync()));
        Assert.Null(await database.Get<IReservations>().TakeAsync(id, Lease, default));
    }

    [Fact]
    public async Task A_certificate_for_a_lapsed_reservation_whose_key_is_taken_meets_the_other_request()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var (_, entry) = await ReserveAsync(database);
        await database.AdvanceAsync(TestEntries.Wait);
        var other = TestEntries.Issued(Now, entry.RequestKey);
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(other, default));

        var met = await database.Journal.CommitAsync(Recording(entry.Enrolment, entry), default);

        Assert.Equal(other.Enrolment.Id, Assert.IsType<JournalVerdict.AlreadyAnswered>(met).Stored.Enrolment.Id);
        var next = Recording(entry.Enrolment, entry) with { RequestKey = RandomNumberGenerator.GetBytes(32) };
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(next, default));
    }

    [Fact]
    public async Task What_people_approved_is_reserved_once_and_only_by_the_profile_that_vetted_it()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var parked = TestEntries.Pending(Now);
        await database.Journal.CommitAsync(parked, default);
        var decision = new EnrolmentDecision
        {
            EnrolmentId = parked.Enrolment.Id,
            Actor = "olga",
            Principal = "olga",
            Approved = true,
            Note = "",
            DecidedAt = Now,
        };
        await database.Get<IApprovalRepository>().DecideAsync(decision, TestEntries.Audit(Now, null), default);
        var reserving = parked with
        {
            Enrolment = (await OnlyAsync(database)).Reserved("iss-local", Now + TestEntries.Wait),
            Completes = true,
            Audit = TestEntries.Audit(Now, null),
        };

        Assert.IsType<JournalVerdict.ProfileChanged>(await database.Journal.CommitAsync(reserving with { ProfileVersion = 7 }, default));
        Assert.False((await OnlyAsync(database)).IsReserved);
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(reserving, default));
        Assert.True((await OnlyAsync(database)).IsReserved);

        // The other process learns that it is reserved; the lease says who asks.
        Assert.IsType<JournalVerdict.Committed>(
            await database.Journal.CommitAsync(reserving with { Audit = TestEntries.Audit(Now, null) }, default));
        Assert.NotNull(await database.Get<IReservations>().TakeAsync(parked.Enrolment.Id, Lease, default));
        Assert.Null(await database.Get<IReservations>().TakeAsync(parked.Enrolment.Id, Lease, default));
    }

    [Fact]
    public async Task A_reservation_is_nothing_that_people_decide_about()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await ReserveAsync(database);

        Assert.Empty(await database.Get<IApprovalRepository>().ListAsync(all: true, 10, default));
        Assert.Equal(0, await database.Get<IApprovalRepository>().CountWaitingAsync(default));
    }

    private static ChallengeUse NewUse() => new(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), Now.AddHours(1));

    private static async Task<(Guid Id, JournalEntry Entry)> ReserveAsync(
        TestDatabase database, DeviceBudget? budget = null, ChallengeUse? use = null)
    {
        await database.SetTimeAsync(Now);
        var entry = TestEntries.Pending(Now) with { Budget = budget, Use = use };
        entry = entry with { Enrolment = entry.Enrolment.Reserved("iss-local", Now + TestEntries.Wait) };
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));
        return (entry.Enrolment.Id, entry);
    }

    private static JournalEntry Recording(Enrolment reserved, JournalEntry entry) =>
        TestEntries.Completing(reserved, entry.RequestKey, Now) with { Records = true };

    private static async Task<Enrolment> OnlyAsync(TestDatabase database)
    {
        await using var db = database.Open();
        return await db.Enrolments.AsNoTracking().OrderBy(enrolment => enrolment.Id).FirstAsync();
    }
}
