using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfJobStoreTests(PostgresDatabases databases) : EfJobStoreTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfJobStoreTests(SqliteDatabases databases) : EfJobStoreTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfJobStoreTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task A_job_revokes_what_it_names_once_and_leaves_what_ended_what_was_revoked_and_what_came_later()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, 7);
        var serials = await FillAsync(database, 4, source: "EST");
        var (active, held, revoked, ended) = (serials[0], serials[1], serials[2], serials[3]);
        var inventory = database.Get<ICertificateInventory>();
        await RevokeAsync(inventory, held, RevocationReason.CertificateHold);
        await RevokeAsync(inventory, revoked, RevocationReason.KeyCompromise);
        await using (var db = database.Open())
            await db.Certificates.Where(one => one.SerialNumber == ended)
                .ExecuteUpdateAsync(set => set.SetProperty(one => one.NotAfter, Now.AddDays(-1)));

        var filter = new CertificateFilter { Source = "EST" };
        var dry = await AskAsync(database, filter, dryRun: true);
        Assert.Equal((4, 2, 2), (dry.Matched, dry.Revoked, dry.Skipped));
        var job = await AskAsync(database, filter);
        await database.AdvanceAsync(TimeSpan.FromSeconds(1));
        var later = Assert.Single(await FillAsync(database, 1, source: "EST", at: Now.AddSeconds(1)));
        Assert.Equal(1, await RunAsync(database, 3));

        var done = (await database.Get<IJobStore>().FindAsync(job.Id, default))!;
        Assert.Equal((JobState.Done, 4, 2, 2, 0), (done.State, done.Matched, done.Revoked, done.Skipped, done.Failed));
        Assert.Equal(
            [RevocationReason.Superseded, RevocationReason.Superseded, RevocationReason.KeyCompromise, null, null],
            await Task.WhenAll(new[] { active, held, revoked, ended, later }.Select(
                async serial => (await inventory.FindAsync("iss-local", serial, default))!.RevocationReason)));
        await using var read = database.Open();
        Assert.Equal(7, await read.Certificates.CountAsync(one => one.Source == "SCEP" && one.RevokedAt == null));
        Assert.Equal(
            new[] { active, held }.Order(StringComparer.Ordinal),
            (await EventsAsync(database, AuditAction.CertificateRevoked)).Where(line => line.Actor == "alice")
                .Select(line => line.SerialNumber).Order(StringComparer.Ordinal));
        Assert.Equal(
            "REST API: Superseded, source EST: 4 certificates: closed",
            Assert.Single(await EventsAsync(database, AuditAction.BulkRevocationInitiated)).Detail);
        Assert.Equal(
            "REST API: Done: 2 of 4 certificates revoked, 2 skipped",
            Assert.Single(await EventsAsync(database, AuditAction.BulkRevocationEnded)).Detail);
    }

    [Fact]
    public async Task Another_process_takes_over_when_the_lease_has_lapsed_and_the_first_does_nothing_more()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        await FillAsync(first, 10);
        var job = await AskAsync(first, new CertificateFilter { IssuerId = "iss-local" });
        var store = first.Get<IJobStore>();
        var lost = (await store.TakeAsync("first", Lease, default))!;
        Assert.Equal(new SliceVerdict.Committed(4), await SliceAsync(first, lost, 4));
        Assert.Null(await second.Get<IJobStore>().TakeAsync("second", Lease, default));

        // Each slice renews the lease; the clock of a process has no say in it.
        second.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(Kind == Certctl.Infrastructure.Persistence.DatabaseKind.Sqlite, await second.Get<IJobStore>()
            .TakeAsync("second", Lease, default) is not null);
        await first.AdvanceAsync(Lease);
        var taken = (await second.Get<IJobStore>().TakeAsync("second", Lease, default))!;
        Assert.True(taken.Fence > lost.Fence);
        Assert.Equal((4, JobState.Running), (taken.Job.Revoked, taken.Job.State));
        Assert.IsType<SliceVerdict.Lost>(await SliceAsync(first, lost, 4));
        Assert.False(await store.EndAsync(job.Id, lost.Fence, JobState.Done, null, _ => throw new InvalidOperationException(), default));

        Assert.Equal(new SliceVerdict.Committed(4), await SliceAsync(second, taken, 4));
        Assert.Equal(new SliceVerdict.Committed(2), await SliceAsync(second, taken, 4));
        var events = await EventsAsync(first, AuditAction.CertificateRevoked);
        Assert.Equal((10, 10), (events.Count, events.Select(line => line.SerialNumber).Distinct().Count()));
    }

    [Fact]
    public async Task A_cancelled_job_revokes_nothing_more_and_keeps_what_it_did()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await FillAsync(database, 6);
        var job = await AskAsync(database, new CertificateFilter { ProfileId = "default" });
        var lease = (await database.Get<IJobStore>().TakeAsync("first", Lease, default))!;
        await SliceAsync(database, lease, 2);

        var handler = new CancelJobHandler(database.Get<IJobStore>());
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var cancelled = Assert.IsType<AdminOutcome.OfJob>(
                await handler.Handle(new CancelJobCommand(job.Id, Caller("olga")), default)).Job;
            Assert.Equal((JobState.Cancelled, 2, 0), (cancelled.State, cancelled.Revoked, cancelled.Failed));
        }

        Assert.IsType<SliceVerdict.Lost>(await SliceAsync(database, lease, 2));
        Assert.Null(await database.Get<IJobStore>().TakeAsync("second", Lease, default));
        await using var db = database.Open();
        Assert.Equal(2, await db.Certificates.CountAsync(one => one.RevokedAt != null));
        var ended = Assert.Single(await EventsAsync(database, AuditAction.BulkRevocationEnded));
        Assert.Equal(
            ("olga", "REST API: Cancelled: 2 of 6 certificates revoked, 0 skipped", AuditOutcome.Done),
            (ended.Actor, ended.Detail, ended.Outcome));
        Assert.IsType<AdminOutcome.NotFound>(
            await handler.Handle(new CancelJobCommand(Guid.NewGuid(), Caller("olga")), default));
    }

    [Fact]
    public async Task What_the_database_refuses_fails_the_job_and_undoes_the_slice_and_the_next_job_is_run()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var serials = await FillAsync(database, 6);
        var job = await AskAsync(database, new CertificateFilter { PathId = "corp" });
        await using (var db = database.Open())
            await db.Database.ExecuteSqlRawAsync(RefusingTrigger(serials.Order(StringComparer.Ordinal).Last()));
        await database.AdvanceAsync(TimeSpan.FromSeconds(1));
        var other = await AskAsync(database, new CertificateFilter(), serials.Order(StringComparer.Ordinal).Take(1));
        Assert.Equal(2, await RunAsync(database, 2));

        var failed = (await database.Get<IJobStore>().FindAsync(job.Id, default))!;
        Assert.Equal((JobState.Failed, 4, 2), (failed.State, failed.Revoked, failed.Failed));
        Assert.Contains("this one stays", failed.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await EventsAsync(database, AuditAction.CertificateRevoked)).Count);
        var ended = (await EventsAsync(database, AuditAction.BulkRevocationEnded)).Single(line => line.ResourceId == $"{job.Id}");
        Assert.Equal(AuditOutcome.Refused, ended.Outcome);
        Assert.StartsWith("REST API: Failed: 4 of 6 certificates revoked, 0 skipped, 2 failed: ", ended.Detail, StringComparison.Ordinal);
        Assert.Equal((JobState.Done, 1), await StateAsync(other));

        async Task<(JobState, int)> StateAsync(RevocationJob one) =>
            (await database.Get<IJobStore>().FindAsync(one.Id, default)) is { } found ? (found.State, found.Skipped) : default;
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_page_by_page_and_removed_a_month_after_their_end()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var store = database.Get<IJobStore>();
        var jobs = new List<RevocationJob>();
        for (var i = 0; i < 3; i++)
        {
            jobs.Add(await AskAsync(database, new CertificateFilter { IssuerId = $"iss-{i}" }));
            await database.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        jobs.Reverse();
        await store.EndAsync(jobs[1].Id, null, JobState.Cancelled, null, _ => TestEntries.Audit(Now, null), default);
        var all = await store.ListAsync(null, null, 0, 2, default);
        Assert.Equal((3, true), (all.Total, all.HasMore));
        Assert.Equal(jobs[..2].Select(job => job.Id), all.Jobs.Select(job => job.Id));
        var rest = await store.ListAsync(null, all.Jobs[^1].Id, 0, 2, default);
        Assert.Equal((jobs[2].Id, false), (Assert.Single(rest.Jobs).Id, rest.HasMore));
        Assert.Equal(jobs[2].Id, Assert.Single((await store.ListAsync(null, null, 2, 2, default)).Jobs).Id);
        Assert.Equal(jobs[1].Id, Assert.Single((await store.ListAsync(JobState.Cancelled, null, 0, 9, default)).Jobs).Id);
        Assert.Equal(2, (await store.ListAsync(JobState.Queued, null, 0, 0, default)).Total);

        await database.AdvanceAsync(JobTimes.Default.Kept - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await store.SweepAsync(JobTimes.Default.Kept, default));
        await database.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await store.SweepAsync(JobTimes.Default.Kept, default));
        Assert.Null(await store.FindAsync(jobs[1].Id, default));
    }

    [Fact]
    public async Task Of_many_processes_one_takes_a_job()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        await AskAsync(first, new CertificateFilter { IssuerId = "iss-local" });
        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            () => (i % 2 == 0 ? first : second).Get<IJobStore>().TakeAsync($"{i}", Lease, default))));
        Assert.Single(leases.OfType<JobLease>());
    }

    private static AdminCaller Caller(string actor) => new(actor, "REST API", "127.0.0.1", "req-1");

    private string RefusingTrigger(string serial) => Kind == Certctl.Infrastructure.Persistence.DatabaseKind.Sqlite
        ? $"CREATE TRIGGER stays BEFORE UPDATE ON certificates WHEN OLD.serial_number = '{serial}' "
            + "BEGIN SELECT RAISE(ABORT, 'this one stays'); END"
        : "CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''this one stays''; END'; "
            + $"CREATE TRIGGER stays BEFORE UPDATE ON certificates FOR EACH ROW WHEN (OLD.serial_number = '{serial}') "
            + "EXECUTE FUNCTION stays()";

    private static async Task<RevocationJob> AskAsync(
        TestDatabase database, CertificateFilter filter, IEnumerable<string>? serials = null, bool dryRun = false)
    {
        var handler = new RevokeManyHandler(database.Get<IJobStore>(), database.Get<DatabaseClock>());
        return Assert.IsType<AdminOutcome.OfJob>(await handler.Handle(
            new RevokeManyCommand(
                new RevocationCriteria(filter, serials?.ToList()), RevocationReason.Superseded, dryRun, "closed", Caller("alice")),
            default)).Job;
    }

    private static Task<int> RunAsync(TestDatabase database, int slice) =>
        new JobRunner(database.Get<IJobStore>(), JobTimes.Default with { Slice = slice, MinPause = TimeSpan.Zero },
            database.Clock).LookAsync(default);

    private static Task<SliceVerdict> SliceAsync(TestDatabase database, JobLease lease,
        int size) => database.Get<IJobStore>().RunSliceAsync(
        lease, size, Lease, (certificate, now) => TestEntries.Audit(now, certificate.SerialNumber) with
        {
            Action = AuditAction.CertificateRevoked,
            Outcome = AuditOutcome.Done,
        }, default);

    private static async Task<List<AuditEvent>> EventsAsync(TestDatabase database, string action)
    {
        await using var db = database.Open();
        return await db.AuditEvents.AsNoTracking().Where(line => line.Action == action).ToListAsync();
    }

    private static Task<RevocationVerdict> RevokeAsync(ICertificateInventory inventory, string serial, RevocationReason reason) =>
        inventory.RevokeAsync("iss-local", serial, reason, Now, null, TestEntries.Audit(Now, serial), default);

    /// <summary>Certificates of one moment, so that their serial numbers decide their order.</summary>
    private static async Task<List<string>> FillAsync(TestDatabase database, int count, string source = "SCEP", DateTimeOffset? at = null)
    {
        await using var db = database.Open();
        var issued = Enumerable.Range(0, count).Select(_ => TestEntries.Certificate(at ?? Now)).ToList();

        // EF reads the field, which the property fills.
        Assert.All(issued, one => Assert.NotEmpty(one.NameSha256));
        db.Certificates.AddRange(issued);
        await db.SaveChangesAsync();
        if (source != "SCEP")
        {
            var serials = issued.Select(one => one.SerialNumber).ToList();
            await db.Certificates.Where(one => serials.Contains(one.SerialNumber))
                .ExecuteUpdateAsync(set => set.SetProperty(one => one.Source, source));
        }

        return [.. issued.Select(one => one.SerialNumber)];
    }
}
