using Certctl.Infrastructure.Persistence.Availability;
using Certctl.Tests.Fixtures;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>What <c>/ready</c> asks of the database, and how often.</summary>
public sealed class DatabaseReadinessTests
{
    [Theory]
    [InlineData(SqliteOpenMode.ReadWriteCreate, DatabaseState.Writable)]
    [InlineData(SqliteOpenMode.ReadOnly, DatabaseState.ReadOnly)]
    public async Task A_SQLite_file_is_ready_when_it_takes_a_write(SqliteOpenMode mode, DatabaseState state)
    {
        using var folder = new TemporaryFolder();
        var settings = new SqliteConnectionStringBuilder { DataSource = folder["certctl.db"], Pooling = false };
        Assert.Equal(DatabaseState.Writable, await WriteProbe.SqliteAsync(settings.ConnectionString));
        settings.Mode = mode;

        Assert.Equal(state, await WriteProbe.SqliteAsync(settings.ConnectionString));
    }

    [Fact]
    public async Task Many_probes_make_one_write_a_second()
    {
        await using var circuit = Circuit();
        var writes = 0;
        var readiness = new DatabaseReadiness(
            () => Task.FromResult(Interlocked.Increment(ref writes) > 0 ? DatabaseState.Writable : DatabaseState.ReadOnly), circuit);
        var started = TimeProvider.System.GetTimestamp();

        for (var i = 0; i < 1000; i++)
            Assert.Equal(DatabaseState.Writable, await readiness.AskAsync());

        Assert.InRange(writes, 1, 1 + (int)TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    [Fact]
    public async Task Many_probes_of_a_database_that_fails_make_one_write_a_second()
    {
        await using var circuit = Circuit();
        var writes = 0;
        var readiness = new DatabaseReadiness(
            () =>
            {
                Interlocked.Increment(ref writes);
                throw new Npgsql.NpgsqlException("refused");
            },
            circuit);
        var started = TimeProvider.System.GetTimestamp();

        for (var i = 0; i < 1000; i++)
            await Assert.ThrowsAsync<Npgsql.NpgsqlException>(readiness.AskAsync);

        Assert.InRange(writes, 1, 1 + (int)TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        for (var seen = writes; Volatile.Read(ref writes) == seen; await Task.Delay(20, patience.Token))
            await Assert.ThrowsAsync<Npgsql.NpgsqlException>(readiness.AskAsync);
    }

    [Fact]
    public async Task A_database_that_is_known_to_hang_is_not_asked()
    {
        await using var circuit = new DatabaseCircuit(
            _ => throw new DatabaseUnavailableException(), TimeSpan.FromSeconds(1), NullLogger<DatabaseCircuit>.Instance);
        var writes = 0;
        var readiness = new DatabaseReadiness(() => Task.FromResult((DatabaseState)Interlocked.Increment(ref writes)), circuit);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        for (readiness.Suspect(); !circuit.IsOpen; readiness.Suspect())
            await Task.Delay(10, patience.Token);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(readiness.AskAsync);

        Assert.Equal(0, writes);
    }

    [Fact]
    public async Task A_question_that_gets_no_answer_for_long_is_followed_by_another()
    {
        await using var circuit = Circuit();
        var (writes, never) = (0, new TaskCompletionSource<DatabaseState>());
        var readiness = new DatabaseReadiness(
            () => Interlocked.Increment(ref writes) == 1 ? never.Task : Task.FromResult(DatabaseState.Writable), circuit);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        var first = readiness.AskAsync();
        while (readiness.AskAsync() == first)
            await Task.Delay(50, patience.Token);

        Assert.Equal(DatabaseState.Writable, await readiness.AskAsync().WaitAsync(patience.Token));
        never.SetResult(DatabaseState.Writable);
    }

    [Fact]
    public async Task Probes_of_a_database_that_hangs_share_one_question()
    {
        await using var circuit = Circuit();
        var (writes, answer) = (0, new TaskCompletionSource<DatabaseState>());
        var readiness = new DatabaseReadiness(
            () =>
            {
                Interlocked.Increment(ref writes);
                return answer.Task;
            },
            circuit);
        var started = TimeProvider.System.GetTimestamp();

        var asked = Enumerable.Range(0, 100).Select(_ => readiness.AskAsync()).ToList();
        answer.SetResult(DatabaseState.ReadOnly);

        Assert.All(await Task.WhenAll(asked), state => Assert.Equal(DatabaseState.ReadOnly, state));
        Assert.InRange(writes, 1, 1 + (int)(TimeProvider.System.GetElapsedTime(started).TotalSeconds / 5));
    }

    private static DatabaseCircuit Circuit() =>
        new(_ => Task.CompletedTask, TimeSpan.FromSeconds(60), NullLogger<DatabaseCircuit>.Instance);
}
