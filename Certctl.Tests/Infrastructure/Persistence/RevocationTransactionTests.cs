using Certctl.Application.Admin.Certificates;
using Certctl.Application.Admin.Jobs;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence;

/// <summary>What transactions that revoke do to one another on PostgreSQL.</summary>
public sealed class RevocationTransactionTests(PostgresDatabases databases)
    : PersistenceTests(databases), IClassFixture<PostgresDatabases>
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task The_server_ends_each_of_them_when_its_process_stands_still_and_no_other_session()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await using (var db = database.Open())
        {
            await db.Database.ExecuteSqlRawAsync("""
                CREATE FUNCTION bounded() RETURNS trigger LANGUAGE plpgsql AS '
                BEGIN
                    IF current_setting(''idle_in_transaction_session_timeout'') <> ''30s'' THEN
                        RAISE EXCEPTION ''not bounded'';
                    END IF;
                    RETURN NEW;
                END';
                CREATE TRIGGER bounded BEFORE UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION bounded()
                """);
        }

        var (inventory, serial) = (database.Get<ICertificateInventory>(), await IssueAsync(database));
        Assert.IsType<RevocationVerdict.Done>(await inventory.RevokeAsync(
            "iss-local", serial, RevocationReason.CertificateHold, Now, null, TestEntries.Audit(Now, serial), default));
        Assert.IsType<RevocationVerdict.Done>(
            await inventory.ReleaseAsync("iss-local", serial, Now, TestEntries.Audit(Now, serial), default));
        var handler = new RevokeManyHandler(database.Get<IJobStore>(), database.Get<DatabaseClock>());
        await handler.Handle(
            new RevokeManyCommand(
                new RevocationCriteria(new CertificateFilter { PathId = "corp" }, null), RevocationReason.CertificateHold, false, "",
                new("alice", "REST API")), default);
        await new JobRunner(database.Get<IJobStore>(), JobTimes.Default, database.Clock).LookAsync(default);
        Assert.True((await inventory.FindAsync("iss-local", serial, default))!.IsRevoked);
        await IssueAsync(database, supersedes: true);
        Assert.Equal(
            RevocationReason.Superseded, (await inventory.FindAsync("iss-local", serial, default))!.RevocationReason);

        await using var after = database.Open();
        Assert.Equal(
            "0", await after.Database.SqlQueryRaw<string>("SELECT current_setting('idle_in_transaction_session_timeout') AS \"Value\"")
                .SingleAsync());
    }

    [Fact]
    public async Task A_renewal_does_not_write_over_the_key_compromise_that_comes_at_the_same_time()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var serial = await IssueAsync(database);
        await using var other = new NpgsqlConnection(database.ConnectionString);
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await RunAsync(
            $"UPDATE certificates SET revoked_at = now(), revocation_reason = 'KeyCompromise' WHERE serial_number = '{serial}'");
        var renewal = Task.Run(() => IssueAsync(database, supersedes: true));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await RunAsync("SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L)
            await Task.Delay(10, patience.Token);
        await transaction.CommitAsync();
        await renewal;
        Assert.Equal(
            RevocationReason.KeyCompromise,
            (await database.Get<ICertificateInventory>().FindAsync("iss-local", serial, default))!.RevocationReason);

        async Task<object?> RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, other);
            return await command.ExecuteScalarAsync();
        }
    }

    [Fact]
    public async Task The_epoch_rises_once_a_slice()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var i = 0; i < 6; i++)
            await IssueAsync(database);
        await using (var db = database.Open())
        {
            await db.Database.ExecuteSqlRawAsync("""
                CREATE TABLE rises (at timestamptz);
                CREATE FUNCTION rises() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO rises VALUES (now()); RETURN NEW; END';
                CREATE TRIGGER rises AFTER INSERT OR UPDATE ON revocation_epochs FOR EACH ROW EXECUTE FUNCTION rises()
                """);
        }

        var before = await database.Get<IRevocationStore>().EpochAsync("iss-local", default);
        await new RevokeManyHandler(database.Get<IJobStore>(), database.Get<DatabaseClock>()).Handle(
            new RevokeManyCommand(
                new RevocationCriteria(new CertificateFilter { PathId = "corp" }, null), RevocationReason.Superseded, false, "",
                new("alice", "REST API")), default);
        await new JobRunner(database.Get<IJobStore>(), JobTimes.Default with { Slice = 3, MinPause = TimeSpan.Zero },
            database.Clock).LookAsync(default);
        Assert.True(await database.Get<IRevocationStore>().EpochAsync("iss-local", default) > before);
        await using var read = database.Open();
        Assert.Equal(2, await read.Database.SqlQueryRaw<int>("SELECT count(*)::int AS \"Value\" FROM rises").SingleAsync());
    }

    private static async Task<string> IssueAsync(TestDatabase database, bool supersedes = false)
    {
        var entry = TestEntries.Issued(Now.AddSeconds(supersedes ? 1 : 0));
        Assert.IsType<JournalVerdict.Committed>(
            await database.Journal.CommitAsync(supersedes ? entry with { MaxActiveCertificates = 1 } : entry, default));
        return entry.Certificate!.SerialNumber;
    }
}
