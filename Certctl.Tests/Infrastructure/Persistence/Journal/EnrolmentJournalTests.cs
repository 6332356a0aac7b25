using System.Security.Cryptography;
using Certctl.Application.Admin.Approvals;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Journal;

public sealed class PostgresEnrolmentJournalTests(PostgresDatabases databases)
    : EnrolmentJournalTests(databases), IClassFixture<PostgresDatabases>
{
    [Fact]
    public async Task A_connection_that_breaks_under_load_costs_no_enrolment_and_doubles_none()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var server = Npgsql.NpgsqlDataSource.Create(
            new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                Database = "postgres",
                Pooling = false,
            }.ConnectionString);
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        var terminated = 0L;
        for (var round = 0; round < 10; round++)
        {
            var commits = Enumerable.Range(0, 100)
                .Select(_ => database.Journal.CommitAsync(TestEntries.Issued(TestDatabase.Start), default)).ToList();
            await commits[round];
            await using var terminate = server.CreateCommand(
                $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");
            terminated += (long)(await terminate.ExecuteScalarAsync())!;
            Assert.All(await Task.WhenAll(commits), verdict => Assert.IsType<JournalVerdict.Committed>(verdict));
        }

        Assert.True(terminated > 0, "no connection was broken");
        await using var db = database.Open();
        Assert.Equal(1000, await db.Enrolments.CountAsync());
        Assert.Equal(1000, await db.Certificates.CountAsync());
        Assert.Equal(1000, await db.AuditEvents.CountAsync());
        Assert.Equal(1000, await db.EnrolmentAnswers.CountAsync());
    }
}

public sealed class SqliteEnrolmentJournalTests(SqliteDatabases databases)
    : EnrolmentJournalTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EnrolmentJournalTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task What_was_committed_reads_back_in_full()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));

        await using var db = database.Open();
        AssertSame(entry.Certificate!, Assert.Single(await db.Certificates.ToListAsync()));
        AssertSame(entry.Enrolment, Assert.Single(await db.Enrolments.ToListAsync()));
        AssertSame(entry.Audit, Assert.Single(await db.AuditEvents.ToListAsync()));
        var answer = Assert.Single(await db.EnrolmentAnswers.ToListAsync());
        Assert.Equal(entry.RequestKey, answer.RequestKey);
        Assert.Equal(entry.Enrolment.Id, answer.EnrolmentId);
        Assert.Equal(Stored.Time(entry.Enrolment.HeldUntil), answer.HeldUntil);
    }

    [Fact]
    public async Task A_pending_request_is_kept_without_a_certificate()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Pending(Now);

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));

        await using var db = database.Open();
        Assert.Empty(await db.Certificates.ToListAsync());
        AssertSame(entry.Enrolment, Assert.Single(await db.Enrolments.ToListAsync()));
        AssertSame(entry.Audit, Assert.Single(await db.AuditEvents.ToListAsync()));
    }

    [Fact]
    public async Task Two_hundred_at_once_make_two_hundred_rows_in_each_table()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entries = Enumerable.Range(0, 200).Select(_ => TestEntries.Issued(Now)).ToList();

        var verdicts = await Task.WhenAll(entries.Select(entry => Task.Run(() => database.Journal.CommitAsync(entry, default))));

        Assert.All(verdicts, verdict => Assert.IsType<JournalVerdict.Committed>(verdict));
        await using var db = database.Open();
        Assert.Equal(entries.Select(e => e.Enrolment.Id).Order(), (await db.Enrolments.Select(e => e.Id).ToListAsync()).Order());
        Assert.Equal(
            entries.Select(e => e.Certificate!.SerialNumber).Order(StringComparer.Ordinal),
            (await db.Certificates.Select(c => c.SerialNumber).ToListAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(entries.Select(e => e.Audit.Id).Order(), (await db.AuditEvents.Select(a => a.Id).ToListAsync()).Order());
        Assert.Equal(200, await db.EnrolmentAnswers.CountAsync());
    }

    [Fact]
    public async Task Of_fifty_that_race_with_one_request_through_two_processes_one_is_committed_and_all_get_its_certificate()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        var key = RandomNumberGenerator.GetBytes(32);
        var entries = Enumerable.Range(0, 50).Select(_ => TestEntries.Issued(Now, key)).ToList();

        var verdicts = await Task.WhenAll(entries.Select((entry, i) =>
            Task.Run(() => (i % 2 == 0 ? first : second).Journal.CommitAsync(entry, default))));

        var winner = entries[Assert.Single(Enumerable.Range(0, 50), i => verdicts[i] is JournalVerdict.Committed)];
        var losers = verdicts.OfType<JournalVerdict.AlreadyAnswered>().ToList();
        Assert.Equal(49, losers.Count);
        Assert.All(losers, loser => AssertSame(winner.Certificate!, loser.Stored.Certificate!));
        Assert.All(losers, loser => AssertSame(winner.Enrolment, loser.Stored.Enrolment));
        await using var db = first.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
        Assert.Equal(1, await db.Enrolments.CountAsync());
        Assert.Equal(1, await db.AuditEvents.CountAsync());
    }

    [Fact]
    public async Task Two_processes_with_many_common_requests_agree_on_each()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        var keys = Enumerable.Range(0, 100).Select(_ => RandomNumberGenerator.GetBytes(32)).ToList();

        // Each sees the keys in another order: claims that were not sorted would deadlock.
        var one = keys.Select(key => first.Journal.CommitAsync(TestEntries.Issued(Now, key), default)).ToList();
        var two = keys.AsEnumerable().Reverse().Select(key => second.Journal.CommitAsync(TestEntries.Issued(Now, key), default)).ToList();
        var verdicts = await Task.WhenAll(one.Concat(two));

        Assert.Equal(100, verdicts.OfType<JournalVerdict.Committed>().Count());
        Assert.Equal(100, verdicts.OfType<JournalVerdict.AlreadyAnswered>().Count());
        await using var db = first.Open();
        Assert.Equal(100, await db.Certificates.CountAsync());
    }

    [Fact]
    public async Task The_answer_is_held_until_its_time_and_no_longer()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var key = RandomNumberGenerator.GetBytes(32);
        await database.Journal.CommitAsync(TestEntries.Issued(Now, key), default);

        await database.AdvanceAsync(TestEntries.Hold - TimeSpan.FromMilliseconds(1));
        Assert.IsType<JournalVerdict.AlreadyAnswered>(
            await database.Journal.CommitAsync(TestEntries.Issued(database.Clock.GetUtcNow(), key), default));
        await database.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var renewed = TestEntries.Issued(database.Clock.GetUtcNow(), key);
        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(renewed, default));

        var again = await database.Journal.CommitAsync(TestEntries.Issued(database.Clock.GetUtcNow(), key), default);
        Assert.Equal(renewed.Enrolment.Id, Assert.IsType<JournalVerdict.AlreadyAnswered>(again).Stored.Enrolment.Id);
    }

    [Fact]
    public async Task Of_many_that_race_for_a_lapsed_answer_one_takes_it_over()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        var key = RandomNumberGenerator.GetBytes(32);
        await first.Journal.CommitAsync(TestEntries.Issued(Now, key), default);
        await first.AdvanceAsync(TestEntries.Hold);
        await second.AdvanceAsync(TestEntries.Hold);
        var later = first.Clock.GetUtcNow();

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 30).Select(i =>
            Task.Run(() => (i % 2 == 0 ? first : second).Journal.CommitAsync(TestEntries.Issued(later, key), default))));

        Assert.Single(verdicts.OfType<JournalVerdict.Committed>());
        await using var db = first.Open();
        Assert.Equal(2, await db.Certificates.CountAsync());
    }

    [Fact]
    public async Task A_database_that_is_away_is_an_accident_and_not_a_verdict()
    {
        await using var database = OpenUnreachable();
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.Journal.CommitAsync(TestEntries.Issued(Now), default));

        // The writer lives on: the next caller hears the same.
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.Journal.CommitAsync(TestEntries.Issued(Now), default));
    }

    [Fact]
    public async Task A_revoked_certificate_stays_the_answer_to_its_request()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var key = RandomNumberGenerator.GetBytes(32);
        await database.Journal.CommitAsync(TestEntries.Issued(Now, key), default);
        await using (var db = database.Open())
        {
            (await db.Certificates.SingleAsync()).Revoke(RevocationReason.KeyCompromise, Now);
            await db.SaveChangesAsync();
        }

        var answer = Assert.IsType<JournalVerdict.AlreadyAnswered>(
            await database.Journal.CommitAsync(TestEntries.Issued(Now, key), default));
        Assert.True(answer.Stored.Certificate!.IsRevoked);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public async Task A_profile_that_changed_or_was_disabled_stops_the_commit_and_nothing_is_written(int storedVersion, bool enabled)
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using var db = database.Open();
        await db.CertificateProfiles.ExecuteUpdateAsync(
            set => set.SetProperty(p => p.Version, storedVersion).SetProperty(p => p.Enabled, enabled));

        Assert.IsType<JournalVerdict.ProfileChanged>(await database.Journal.CommitAsync(TestEntries.Issued(Now), default));

        Assert.Equal(0, await db.Certificates.CountAsync());
        Assert.Equal(0, await db.Enrolments.CountAsync());
        Assert.Equal(0, await db.EnrolmentAnswers.CountAsync());
        Assert.Equal(0, await db.AuditEvents.CountAsync());
    }

    [Fact]
    public async Task An_approved_request_is_completed_by_one_of_many()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        var key = RandomNumberGenerator.GetBytes(32);
        var approved = await ApproveAsync(first, key);
        var entries = Enumerable.Range(0, 20).Select(_ => TestEntries.Completing(approved, key, Now)).ToList();

        var verdicts = await Task.WhenAll(entries.Select((entry, i) =>
            Task.Run(() => (i % 2 == 0 ? first : second).Journal.CommitAsync(entry, default))));

        var winner = entries[Assert.Single(Enumerable.Range(0, 20), i => verdicts[i] is JournalVerdict.Committed)];
        Assert.All(verdicts.OfType<JournalVerdict.AlreadyAnswered>(), loser => AssertSame(winner.Certificate!, loser.Stored.Certificate!));
        Assert.Equal(19, verdicts.OfType<JournalVerdict.AlreadyAnswered>().Count());
        await using var db = first.Open();
        Assert.Equal(1, await db.Certificates.CountAsync());
        AssertSame(winner.Enrolment, Assert.Single(await db.Enrolments.ToListAsync()));
        Assert.Equal(Stored.Time(Now + TestEntries.Hold), Assert.Single(await db.EnrolmentAnswers.ToListAsync()).HeldUntil);
    }

    [Fact]
    public async Task A_request_that_is_still_pending_cannot_be_completed()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Pending(Now);
        await database.Journal.CommitAsync(entry, default);

        var verdict = await database.Journal.CommitAsync(TestEntries.Completing(entry.Enrolment, entry.RequestKey, Now), default);

        Assert.Equal(EnrolmentState.Pending, Assert.IsType<JournalVerdict.AlreadyAnswered>(verdict).Stored.Enrolment.State);
        await using var db = database.Open();
        Assert.Equal(0, await db.Certificates.CountAsync());
    }

    [Fact]
    public async Task Completing_is_stopped_by_a_disabled_profile_and_leaves_the_request_approved()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var key = RandomNumberGenerator.GetBytes(32);
        var approved = await ApproveAsync(database, key);
        await using var db = database.Open();
        await db.CertificateProfiles.ExecuteUpdateAsync(set => set.SetProperty(p => p.Enabled, false));

        Assert.IsType<JournalVerdict.ProfileChanged>(
            await database.Journal.CommitAsync(TestEntries.Completing(approved, key, Now), default));

        Assert.Equal(EnrolmentState.Approved, (await db.Enrolments.SingleAsync()).State);
        Assert.Equal(0, await db.Certificates.CountAsync());
    }

    [Fact]
    public async Task A_row_that_the_database_refuses_fails_alone()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var taken = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(taken, default);
        var poison = TestEntries.Issued(Now, serialNumber: taken.Certificate!.SerialNumber);
        var good = Enumerable.Range(0, 30).Select(_ => TestEntries.Issued(Now)).ToList();

        // Handed over from one thread, so that they wait together and share a batch.
        var commits = good.Take(15).Append(poison).Concat(good.Skip(15)).Select(entry => database.Journal.CommitAsync(entry, default))
            .ToList();
        await Task.WhenAny(Task.WhenAll(commits), Task.Delay(TimeSpan.FromSeconds(30)));

        Assert.IsAssignableFrom<System.Data.Common.DbException>(commits[15].Exception?.InnerException);
        commits.RemoveAt(15);
        Assert.All(commits, commit => Assert.True(commit.IsCompletedSuccessfully));
        await using var db = database.Open();
        Assert.Equal(31, await db.Enrolments.CountAsync());
        Assert.Equal(31, await db.AuditEvents.CountAsync());
        Assert.False(await db.EnrolmentAnswers.AnyAsync(answer => answer.EnrolmentId == poison.Enrolment.Id));
    }

    [Fact]
    public async Task A_caller_that_stops_waiting_finds_its_answer_when_it_comes_again()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);
        using var cancelled = new CancellationTokenSource();
        var commit = database.Journal.CommitAsync(entry, cancelled.Token);
        await cancelled.CancelAsync();
        try
        {
            await commit;
        }
        catch (OperationCanceledException)
        {
            // Either is right; what counts is what the journal says next.
        }

        var again = await database.Journal.CommitAsync(TestEntries.Issued(Now, entry.RequestKey), default);

        Assert.Equal(entry.Enrolment.Id, Assert.IsType<JournalVerdict.AlreadyAnswered>(again).Stored.Enrolment.Id);
    }

    [Fact]
    public async Task An_entry_committed_twice_because_the_acknowledgement_was_lost_is_committed_once()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);
        await database.Journal.CommitAsync(entry, default);

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));

        await using var db = database.Open();
        Assert.Equal(1, await db.AuditEvents.CountAsync());
    }

    [Fact]
    public async Task Disposing_commits_what_waits()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var commits = Enumerable.Range(0, 100).Select(_ => database.Journal.CommitAsync(TestEntries.Issued(Now), default)).ToList();

        await ((EnrolmentJournal)database.Journal).DisposeAsync();

        await using var db = database.Open();
        Assert.Equal(100, await db.Enrolments.CountAsync());
        Assert.All(await Task.WhenAll(commits), verdict => Assert.IsType<JournalVerdict.Committed>(verdict));
    }

    [Fact]
    public async Task Names_that_no_database_can_hold_are_stored_with_a_replacement_character()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var certificate = TestEntries.Certificate(Now);
        var enrolment = TestEntries.Enrolment(Now, Now, transactionId: "tx\0\u00ff")
            .Issued(certificate.IssuerId, certificate.SerialNumber, Now + TestEntries.Hold);
        var audit = TestEntries.Audit(Now, certificate.SerialNumber);
        var entry = new JournalEntry
        {
            Enrolment = enrolment,
            RequestKey = RandomNumberGenerator.GetBytes(32),
            HeldFor = TestEntries.Hold,
            Certificate = certificate,
            ProfileVersion = 1,
            Audit = new AuditEvent
            {
                Id = audit.Id,
                Timestamp = Now,
                Actor = "scep-client",
                ActorType = "System",
                Action = audit.Action,
                Outcome = AuditOutcome.Issued,
                ResourceType = "certificate",
                ResourceId = "",
                Subject = "CN=a\0b\ud800c\U0001F600",
                SubjectAltNames = ["DNS:\0", "DNS:\udc00\""],
            },
        };

        Assert.IsType<JournalVerdict.Committed>(await database.Journal.CommitAsync(entry, default));

        await using var db = database.Open();
        var stored = await db.AuditEvents.SingleAsync();
        Assert.Equal("CN=a\uFFFDb\uFFFDc\U0001F600", stored.Subject);
        Assert.Equal(["DNS:\uFFFD", "DNS:\uFFFD\""], stored.SubjectAltNames);
        var found = await database.Enrolments.FindByTransactionAsync("corp", enrolment.TransactionId, enrolment.SignerKeySha256, default);
        Assert.Equal("tx\0\u00ff", found!.Enrolment.TransactionId.Value);
    }

    private static async Task<Enrolment> ApproveAsync(TestDatabase database, byte[] requestKey)
    {
        var entry = TestEntries.Pending(Now, requestKey);
        await database.Journal.CommitAsync(entry, default);
        var approved = entry.Enrolment.Decided(true, "olga", Now);
        Assert.IsType<DecisionVerdict.Counted>(await database.Get<IApprovalRepository>().DecideAsync(
            new EnrolmentDecision
            {
                EnrolmentId = approved.Id,
                Actor = "olga",
                Principal = "olga",
                Approved = true,
                Note = "",
                DecidedAt = Now,
            }, TestEntries.Audit(Now, null), default));
        return approved;
    }

    /// <summary>Every public property, times in whole microseconds: a column that the journal forgets is found here.</summary>
    private static void AssertSame<T>(T expected, T actual)
    {
        foreach (var property in typeof(T).GetProperties())
        {
            var (wanted, got) = (property.GetValue(expected), property.GetValue(actual));
            if (wanted is DateTimeOffset time)
                wanted = Stored.Time(time);
            Assert.True(
                wanted is System.Collections.IEnumerable and not string
                    ? ((System.Collections.IEnumerable)wanted).Cast<object>()
                        .SequenceEqual(((System.Collections.IEnumerable)got!).Cast<object>())
                    : Equals(wanted, got),
                $"{typeof(T).Name}.{property.Name}: wrote {wanted}, read {got}");
        }
    }
}
