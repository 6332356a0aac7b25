using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Infrastructure.Persistence.Journal;
using Certctl.Infrastructure.Persistence.Repositories;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>A network that swallows what is sent to PostgreSQL, and a lock that holds up the journal.</summary>
public sealed class StalledDatabaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_clock_whose_sample_is_old_waits_no_longer_than_the_circuit_lets_it()
    {
        if (!postgres.IsAvailable)
            return;
        await using var gate = Gate();
        await using var database = Through(gate);
        var clock = database.Get<DatabaseClock>();
        await clock.NowAsync(default);
        gate.Stall();
        await clock.NowAsync(default);

        database.Clock.Advance(DatabaseClock.MaxAge);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => clock.NowAsync(default).AsTask().WaitAsync(Patience));

        // Known to hang: refused at once.
        Assert.True(database.Get<DatabaseCircuit>().IsOpen);
        Assert.True(clock.ReadAsync(default).IsFaulted);
    }

    [Fact]
    public async Task A_process_ends_although_the_last_refusals_cannot_be_written()
    {
        if (!postgres.IsAvailable)
            return;
        await using var gate = Gate();
        var database = Through(gate);
        for (var i = 0; i < RefusalCounter.ListedOfAKind + 3; i++)
            await database.Audit.AppendRefusalAsync(
                TestEntries.Audit(TestDatabase.Start, null) with { Id = Guid.NewGuid(), Outcome = AuditOutcome.Refused }, default);
        gate.Stall();

        // The statement's own bound, and that of its cancellation, are longer by far.
        await database.Audit.DisposeAsync().AsTask().WaitAsync(Patience);
        lock (database.Log)
            Assert.Contains(
                database.Log,
                line => line.StartsWith("The refusals that were counted last could not be written", StringComparison.Ordinal));
        gate.Flow();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task The_journal_leaves_a_session_after_half_of_the_deadline_so_that_another_serves_the_request()
    {
        if (!postgres.IsAvailable)
            return;
        var connectionString = await postgres.CreateDatabaseAsync(migrated: true);
        await using var provider = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging()
            .AddCertctlPersistence(DatabaseKind.PostgreSql, connectionString, 16, TimeSpan.FromSeconds(2)).BuildServiceProvider();
        await using var writer = provider.GetRequiredService<IJournalWriter>();
        await using var holder = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await holder.OpenAsync();
        await ExecuteAsync(holder, "BEGIN; LOCK TABLE enrolments IN ACCESS EXCLUSIVE MODE");

        var late = await Assert.ThrowsAsync<DatabaseUnavailableException>(
            () => writer.WriteAsync([TestEntries.Issued(TestDatabase.Start)], new HashSet<Guid>(), default).WaitAsync(Patience));
        Assert.Equal("The database did not answer within 1 s.", late.Message);

        await ExecuteAsync(holder, "ROLLBACK");
        var entry = TestEntries.Issued(TestDatabase.Start);
        HashSet<Guid> written = [];
        await writer.WriteAsync([entry], written, default).WaitAsync(Patience);
        Assert.Equal([entry.Enrolment.Id], written);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private TcpGate Gate()
    {
        var server = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
        return new TcpGate(server.Host!, server.Port);
    }

    private TestDatabase Through(TcpGate gate) => new(
        DatabaseKind.PostgreSql,
        new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Host = "127.0.0.1", Port = gate.Port }.ConnectionString);
}
