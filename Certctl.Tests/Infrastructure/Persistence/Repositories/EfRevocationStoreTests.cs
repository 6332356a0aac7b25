using Certctl.Application.Admin.Certificates;
using Certctl.Application.Publication;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Mapping;
using Certctl.Infrastructure.Persistence.Repositories;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfRevocationStoreTests(PostgresDatabases databases)
    : EfRevocationStoreTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfRevocationStoreTests(SqliteDatabases databases)
    : EfRevocationStoreTests(databases), IClassFixture<SqliteDatabases>;

/// <summary>What all processes must agree on about revocations and CRLs.</summary>
public abstract class EfRevocationStoreTests(IDatabases databases) : PersistenceTests(databases)
{
    private const string Issuer = "iss-local";
    private const string Key = "k1";

    private static readonly DateTimeOffset Now = TestDatabase.Start;
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_revoked_of_one_CA_are_listed_in_order_without_the_expired()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        foreach (var revokedAt in new int?[] { null, 0, -20, -10 })
            await IssueAsync(database, revokedAt);
        await IssueAsync(database, -5, keyId: "k2");
        await IssueAsync(database, -6, keyId: "");

        Assert.Equal([-20, -10, 0], await ListAsync(Key, Now.AddDays(90).AddSeconds(-1)));
        Assert.Equal([-5], await ListAsync("k2", Now));
        Assert.Equal([-6], await ListAsync("", Now));
        Assert.Empty(await ListAsync(Key, Now.AddDays(90)));

        async Task<List<double>> ListAsync(string keyId, DateTimeOffset endsAfter)
        {
            var found = new List<double>();
            await foreach (var certificate in Revocations(database).ListRevokedAsync(Issuer, keyId, endsAfter, default))
                found.Add((certificate.RevokedAt - Stored.Time(Now)).TotalSeconds);
            return found;
        }
    }

    [Fact]
    public async Task The_epoch_grows_with_every_revocation_and_release_whatever_writes_it_and_with_nothing_else()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var last = 0L;
        var serial = await IssueAsync(database, revokedAt: null);
        Assert.Equal(last, await EpochAsync());

        await using var db = database.Open();
        var one = db.Certificates.Where(certificate => certificate.SerialNumber == serial);
        await one.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.RevokedAt, Now));
        await MustHaveGrownAsync();
        await one.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.RevocationReason, RevocationReason.KeyCompromise));
        await MustHaveGrownAsync();
        await one.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.InvalidSince, Now));
        await MustHaveGrownAsync();
        await one.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.RevokedAt, (DateTimeOffset?)null));
        await MustHaveGrownAsync();
        await one.ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.Subject, "CN=x"));
        Assert.Equal(last, await EpochAsync());
        await one.ExecuteDeleteAsync();
        await MustHaveGrownAsync();

        // It comes revoked.
        var late = TestEntries.Issued(Now, keyId: Key);
        late.Certificate!.Revoke(RevocationReason.Superseded, Now);
        await database.Journal.CommitAsync(late, default);
        await MustHaveGrownAsync();
        Assert.Equal(0, await Revocations(database).EpochAsync("iss-other", default));

        async Task MustHaveGrownAsync()
        {
            var epoch = await EpochAsync();
            Assert.True(epoch > last);
            last = epoch;
        }

        Task<long> EpochAsync() => Revocations(database).EpochAsync(Issuer, default);
    }

    [Fact]
    [Trait("Conformance", "L-10")]
    public async Task A_partition_is_known_from_its_first_certificate_and_its_epoch_is_its_own()
    {
        if (!IsAvailable)
            return;
        const string One = "http://pki.example/crl/ca/0-01234567.crl";
        const string Two = "http://pki.example/crl/ca/1-01234567.crl";
        await using var database = await OpenAsync();
        await IssueAsync(database, -1);
        Assert.Empty(await Crls(database).PartitionsAsync(Issuer, Key, default));
        string[] serials = [await InAsync(One), await InAsync(One), await InAsync(Two)];
        Assert.Equal([(One, 0L), (Two, 0L)], await EpochsAsync());

        await using var db = database.Open();
        var one = db.Certificates.Where(certificate => certificate.SerialNumber == serials[1]);
        var inventory = database.Get<ICertificateInventory>();
        Assert.IsType<RevocationVerdict.Done>(await inventory.RevokeAsync(
            Issuer, serials[1], RevocationReason.CertificateHold, Now, Now.AddDays(-3),
            TestEntries.Audit(Now, null) with { Action = AuditAction.CertificateRevoked }, default));
        var revoked = (await EpochsAsync())[0].Epoch;
        Assert.True(revoked > 0);
        Assert.Equal((Two, 0L), (await EpochsAsync())[1]);
        Assert.Equal([serials[1]], (await ListAsync(One)).Select(certificate => certificate.SerialNumber));
        Assert.Equal(Stored.Time(Now.AddDays(-3)), (await ListAsync(One))[0].InvalidSince);
        Assert.Equal(Stored.Time(Now.AddDays(-3)), (await Revocations(database).FindAsync(Issuer, serials[1], default))!.InvalidSince);
        Assert.Empty(await ListAsync(Two));

        Assert.IsType<RevocationVerdict.Done>(await inventory.ReleaseAsync(
            Issuer, serials[1], Now, TestEntries.Audit(Now, null) with { Action = AuditAction.CertificateReleased }, default));
        Assert.Null((await one.AsNoTracking().SingleAsync()).InvalidSince);
        Assert.True((await EpochsAsync())[0].Epoch > revoked);
        Assert.Empty(await ListAsync(One));
        await db.Certificates.Where(certificate => certificate.SerialNumber == serials[2]).ExecuteDeleteAsync();
        var deleted = (await EpochsAsync())[1].Epoch;
        Assert.True(deleted > 0);
        var late = TestEntries.Issued(Now, partition: Two, keyId: Key);
        late.Certificate!.Revoke(RevocationReason.Superseded, Now);
        await database.Journal.CommitAsync(late, default);
        Assert.True((await EpochsAsync())[1].Epoch > deleted);

        // What was published for it is its own, too.
        var lease = (await Crls(database).TakeLeaseAsync(Issuer, CrlScope.KeyOf(Key, "1-01234567"), "a", Length, default))!;
        Assert.True(await Crls(database).SaveAsync(
            lease, new PublishedCrl(5, Now, Now.AddDays(1), 0, [5]), 9, TestEntries.Audit(Now, null), default));
        var states = await Crls(database).PartitionsAsync(Issuer, Key, default);
        Assert.Equal([null, 5L], states.Select(partition => partition.State.Last?.Number));
        Assert.Null((await Crls(database).StateAsync(Issuer, Key, default)).Last);

        async Task<string> InAsync(string url)
        {
            var entry = TestEntries.Issued(Now, partition: url, keyId: Key);
            await database.Journal.CommitAsync(entry, default);
            return entry.Certificate!.SerialNumber;
        }

        async Task<List<(string Url, long Epoch)>> EpochsAsync() =>
            [.. (await Crls(database).PartitionsAsync(Issuer, Key, default)).Select(partition => (partition.Url, partition.State.Epoch))];

        async Task<List<RevokedCertificate>> ListAsync(string url)
        {
            var found = new List<RevokedCertificate>();
            await foreach (var certificate in Revocations(database).ListRevokedAsync(Issuer, Key, url, Now, default))
                found.Add(certificate);
            return found;
        }
    }

    // One transaction may be that of the other's first certificate, too; neither waits for what the other has.
    [Fact]
    [Trait("Conformance", "L-10")]
    public async Task Two_that_note_new_partitions_in_opposite_order_both_commit()
    {
        if (!IsAvailable || Kind != DatabaseKind.PostgreSql)
            return;
        await using var database = await OpenAsync();
        await IssueAsync(database, revokedAt: null);
        await using var db = database.Open();
        await using var first = await db.Database.BeginTransactionAsync();
        await CopyAsync(db, "a");
        var second = Task.Run(async () =>
        {
            await using var other = database.Open();
            await using var transaction = await other.Database.BeginTransactionAsync();
            await CopyAsync(other, "b");
            await CopyAsync(other, "a");
            await transaction.CommitAsync();
        });
        await using var watch = database.Open();
        while (!second.IsCompleted && (await watch.Database.SqlQuery<int>(
            $"SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            .SingleAsync()) == 0)
            await Task.Delay(20);
        await CopyAsync(db, "b");
        await first.CommitAsync();
        await second.WaitAsync(Length);
        Assert.Equal(["a", "b"], (await Crls(database).PartitionsAsync(Issuer, Key, default)).Select(partition => partition.Url));

        static Task CopyAsync(CertctlDbContext db, string url) => db.Database.ExecuteSqlAsync($"""
            INSERT INTO certificates SELECT (jsonb_populate_record(c, jsonb_build_object(
                'serial_number', md5(random()::text), 'crl_partition', {url}::text))).* FROM certificates c LIMIT 1
            """);
    }

    [Fact]
    [Trait("Conformance", "L-12")]
    public async Task The_end_of_the_last_certificate_is_that_of_one_CA_or_of_one_whose_CA_was_not_noted()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        Assert.Null(await EndAsync(Key));
        await UntilAsync(Key, 20);
        await UntilAsync(Key, 30);
        await UntilAsync("k2", 50);
        Assert.Equal(Stored.Time(Now.AddDays(30)), await EndAsync(Key));
        await UntilAsync("", 10);
        Assert.Equal(Stored.Time(Now.AddDays(30)), await EndAsync(Key));
        Assert.Equal(Stored.Time(Now.AddDays(10)), await EndAsync("k3"));
        await UntilAsync("", 40);
        Assert.Equal(Stored.Time(Now.AddDays(40)), await EndAsync(Key));

        // From one entry of an index, not from all certificates.
        await using var db = database.Open();
        await db.Database.OpenConnectionAsync();
        if (Kind == DatabaseKind.PostgreSql)
            await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off; SET enable_sort = off");
        await using var explain = EfRevocationStore.LastUpTo(db, Key).CreateDbCommand();
        explain.CommandText = (Kind == DatabaseKind.PostgreSql ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + explain.CommandText;
        await using var reader = await explain.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        if (Kind == DatabaseKind.PostgreSql)
            Assert.True(await reader.ReadAsync());
        Assert.Matches("certificates_authority_idx", Assert.IsType<string>(reader[reader.FieldCount - 1]));

        Task<DateTimeOffset?> EndAsync(string keyId) => Revocations(database).FindLastEndAsync(keyId, default);

        async Task UntilAsync(string keyId, int days)
        {
            var serial = await IssueAsync(database, revokedAt: null, keyId);
            await using var db = database.Open();
            await db.Certificates.Where(certificate => certificate.SerialNumber == serial)
                .ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.NotAfter, Now.AddDays(days)));
        }
    }

    [Fact]
    public async Task The_epoch_does_not_come_back_to_an_old_value_after_a_backup_was_restored()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var serial = await IssueAsync(database, -1);
        var before = await Revocations(database).EpochAsync(Issuer, default);

        // The backup knows nothing of the revocation.
        await using var db = database.Open();
        await db.RevocationEpochs.ExecuteDeleteAsync();
        await db.Certificates.Where(certificate => certificate.SerialNumber == serial)
            .ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.RevokedAt, Now));
        Assert.True(await Revocations(database).EpochAsync(Issuer, default) > before);
    }

    [Fact]
    public async Task A_certificate_stands_as_it_is_committed_now()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var good = await IssueAsync(database, revokedAt: null);
        var revoked = await IssueAsync(database, -7);

        Assert.Equal(
            new CertificateStanding(Key, Stored.Time(Now.AddDays(90)), null, null),
            await Revocations(database).FindAsync(Issuer, good, default));
        Assert.Equal(
            new CertificateStanding(
                Key, Stored.Time(Now.AddDays(90)), Stored.Time(Now.AddSeconds(-7)), RevocationReason.Superseded),
            await Revocations(database).FindAsync(Issuer, revoked, default));
        Assert.Null(await Revocations(database).FindAsync("iss-other", good, default));
        Assert.Null(await Revocations(database).FindAsync(Issuer, new string('0', 40), default));
    }

    [Fact]
    public async Task A_lease_belongs_to_one_process_until_it_lapses_and_its_number_grows()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var crls = Crls(database);
        var first = (await crls.TakeLeaseAsync(Issuer, Key, "a", Length, default))!;
        Assert.Null(await crls.TakeLeaseAsync(Issuer, Key, "b", Length, default));
        Assert.NotNull(await crls.TakeLeaseAsync(Issuer, "another CA", "b", Length, default));
        Assert.True(await crls.RenewAsync(first, TimeSpan.Zero, default));

        var second = (await crls.TakeLeaseAsync(Issuer, Key, "b", Length, default))!;
        Assert.True(second.Fence > first.Fence);
        Assert.False(await crls.RenewAsync(first, Length, default));
        Assert.Null(await crls.TakeLeaseAsync(Issuer, Key, "a", Length, default));

        // Taken when the clock was an hour ahead.
        await using var db = database.Open();
        await db.CrlLeases.ExecuteUpdateAsync(set => set.SetProperty(lease => lease.HeldUntil, Now.AddHours(1)));
        Assert.NotNull(await crls.TakeLeaseAsync(Issuer, Key, "a", Length, default));
    }

    [Fact]
    [Trait("Conformance", "L-7")]
    public async Task A_number_is_published_once_and_an_earlier_lease_publishes_nothing()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var crls = Crls(database);
        var early = (await crls.TakeLeaseAsync(Issuer, Key, "a", TimeSpan.Zero, default))!;
        var late = (await crls.TakeLeaseAsync(Issuer, Key, "b", Length, default))!;
        Assert.Equal(new CrlState(0, null), await crls.StateAsync(Issuer, Key, default));
        Assert.Null(await crls.ReadAsync(Issuer, Key, default));

        Assert.True(await SaveAsync(late, 5));
        Assert.False(await SaveAsync(late, 5));
        Assert.False(await SaveAsync(late, 4));
        Assert.False(await SaveAsync(early, 6));
        Assert.True(await SaveAsync(late, 6));

        var stored = (await crls.ReadAsync(Issuer, Key, default))!;
        Assert.Equal((6, Stored.Time(Now), 3), (stored.Number, stored.ThisUpdate, stored.Entries));
        Assert.Equal([6], stored.Der);
        Assert.Equal(new CrlHead(6, 9, Stored.Time(Now), Stored.Time(Now.AddDays(1))), (await crls.StateAsync(Issuer, Key, default)).Last);
        await using var db = database.Open();
        Assert.Equal(2, await db.AuditEvents.CountAsync(line => line.Action == AuditAction.CrlPublished));

        Task<bool> SaveAsync(CrlLease lease, long number) => crls.SaveAsync(
            lease, new PublishedCrl(number, Now, Now.AddDays(1), 3, [(byte)number]), epoch: 9,
            TestEntries.Audit(Now, null) with { Action = AuditAction.CrlPublished }, default);
    }

    [Fact]
    [Trait("Conformance", "L-11")]
    public async Task What_changed_since_a_list_is_what_was_revoked_or_released_and_its_base_is_kept()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await IssueAsync(database, -20);
        var revoked = await IssueAsync(database, -10);
        var released = await IssueAsync(database, revokedAt: null);
        await IssueAsync(database, -5, keyId: "k2");
        await using var db = database.Open();
        await db.Certificates.Where(certificate => certificate.SerialNumber == released)
            .ExecuteUpdateAsync(set => set.SetProperty(certificate => certificate.ReleasedAt, Now.AddSeconds(-10)));
        var found = new List<(string, RevocationReason?)>();
        await foreach (var one in Revocations(database).ListChangedAsync(Issuer, Key, Now.AddSeconds(-10), Now, default))
            found.Add((one.SerialNumber, one.Reason));
        Assert.Equal(
            new[] { (revoked, RevocationReason.Superseded), (released, (RevocationReason?)null) }.OrderBy(one => one.Item1,
                StringComparer.Ordinal),
            found);

        var lease = (await Crls(database).TakeLeaseAsync(Issuer, Key, "a", Length, default))!;
        foreach (var (number, since) in new[] { (5, 3L), (6, 4L) })
        {
            var delta = new PublishedCrl(number, Now, Now.AddHours(1), 0, [5]) { Base = new CrlBase(since, Now.AddHours(-1)) };
            Assert.True(await Crls(database).SaveAsync(
                lease with { ListKey = CrlScope.KeyOf(Key, CrlScope.Delta) }, delta, 9, TestEntries.Audit(Now, null), default));
            var state = await Crls(database).StateAsync(Issuer, CrlScope.KeyOf(Key, CrlScope.Delta), default);
            Assert.Equal(new CrlBase(since, Stored.Time(Now.AddHours(-1))), state.Last!.Base);
        }

        // Another process has the lease by now: its complete CRL may have a greater number than this delta CRL.
        Assert.NotNull(await Crls(database).TakeLeaseAsync(Issuer, Key, "a", Length, default));
        var late = new PublishedCrl(7, Now, Now.AddHours(1), 0, [5]) { Base = new CrlBase(4, Now.AddHours(-1)) };
        Assert.False(await Crls(database).SaveAsync(
            lease with { ListKey = CrlScope.KeyOf(Key, CrlScope.Delta) }, late, 9, TestEntries.Audit(Now, null), default));
    }

    private static IRevocationStore Revocations(TestDatabase database) => database.Get<IRevocationStore>();

    private static ICrlStore Crls(TestDatabase database) => database.Get<ICrlStore>();

    private static async Task<string> IssueAsync(TestDatabase database, int? revokedAt, string keyId = Key)
    {
        var entry = TestEntries.Issued(Now, keyId: keyId);
        await database.Journal.CommitAsync(entry, default);
        await using var db = database.Open();
        var one = db.Certificates.Where(certificate => certificate.SerialNumber == entry.Certificate!.SerialNumber);
        if (revokedAt is { } at)
        {
            await one.ExecuteUpdateAsync(set => set
                .SetProperty(certificate => certificate.RevokedAt, Now.AddSeconds(at))
                .SetProperty(certificate => certificate.RevocationReason, RevocationReason.Superseded));
        }

        return entry.Certificate!.SerialNumber;
    }
}
