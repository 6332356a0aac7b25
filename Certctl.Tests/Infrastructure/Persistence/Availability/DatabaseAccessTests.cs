using Certctl.Infrastructure.Persistence.Availability;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>The one place where waits for the database end.</summary>
public sealed class DatabaseAccessTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_wait_ends_with_the_budget_of_its_request_and_what_was_asked_goes_on()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var asked = new TaskCompletionSource<int>();
        RequestBudget.Begin(Short);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => new DatabaseAccess(circuit, Long).RunAsync(() => asked.Task));

        Assert.False(asked.Task.IsCompleted);
        // A timer may be early by its grain.
        Assert.InRange(RequestBudget.Current!.Remaining, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task The_waits_of_one_request_share_its_budget()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var access = new DatabaseAccess(circuit, Long);
        RequestBudget.Begin(Short);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => access.RunAsync(() => new TaskCompletionSource<int>().Task));
        var second = access.RunAsync(() => new TaskCompletionSource<int>().Task);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => second.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(3, await access.RunAsync(() => Task.FromResult(3)));
    }

    [Fact]
    public async Task A_wait_within_another_costs_its_time_once()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var access = new DatabaseAccess(circuit, Long);
        RequestBudget.Begin(Long);
        var started = TimeProvider.System.GetTimestamp();

        await access.RunAsync(() => access.RunAsync(async () =>
        {
            await Task.Delay(Short);
            return true;
        }));

        var waited = TimeProvider.System.GetElapsedTime(started);
        Assert.InRange(RequestBudget.Current!.Remaining, Long - waited, Long - (Short * 0.75));
    }

    [Fact]
    public async Task Each_page_of_a_list_lets_its_request_wait_anew()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var access = new DatabaseAccess(circuit, Long);
        RequestBudget.Begin(Short);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => access.RunAsync(() => new TaskCompletionSource<int>().Task));

        Assert.Equal(1, await access.ListAsync(() => Task.FromResult(1)));

        Assert.Equal(Short, RequestBudget.Current!.Remaining);
    }

    [Fact]
    public async Task The_first_row_of_a_stream_is_waited_for_as_long_as_a_list()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var access = new DatabaseAccess(circuit, Short);
        RequestBudget.Begin(Short);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => access.RunAsync(() => new TaskCompletionSource<int>().Task));
        var first = new TaskCompletionSource();
        var reading = ReadAsync();
        await Task.Delay(Short * 2);
        Assert.False(reading.IsCompleted);

        first.SetResult();
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => reading.WaitAsync(TimeSpan.FromSeconds(30)));

        async Task ReadAsync()
        {
            var read = 0;
            await foreach (var row in access.StreamAsync(Rows(), default))
                Assert.Equal(++read, row);
        }

        async IAsyncEnumerable<int> Rows()
        {
            await first.Task;
            yield return 1;
            await new TaskCompletionSource().Task;
        }
    }

    [Fact]
    public async Task Work_of_our_own_costs_nothing_of_the_budget()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        RequestBudget.Begin(Short);

        Assert.Equal(1, await new DatabaseAccess(circuit, Long).RunAsync(() => Task.FromResult(1)));

        Assert.Equal(Short, RequestBudget.Current!.Remaining);
    }

    [Fact]
    public async Task A_database_that_hangs_ends_all_waits_and_refuses_at_once_until_the_probe_gets_an_answer()
    {
        var answer = new TaskCompletionSource();
        await using var circuit = Circuit(_ => answer.Task, Short);
        var access = new DatabaseAccess(circuit, Long);

        var waits = Enumerable.Range(0, 8).Select(_ => access.RunAsync(() => new TaskCompletionSource<int>().Task)).ToList();
        foreach (var wait in waits)
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => wait.WaitAsync(TimeSpan.FromSeconds(30)));
        var asked = false;
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => access.RunAsync(() => Task.FromResult(asked = true)));
        Assert.False(asked);

        answer.SetResult();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (circuit.IsOpen)
            await Task.Delay(10, patience.Token);
        Assert.True(await access.RunAsync(() => Task.FromResult(true)));
    }

    [Fact]
    public async Task A_slow_statement_on_a_database_that_answers_opens_nothing()
    {
        var probes = 0;
        await using var circuit = Circuit(_ => Task.FromResult(Interlocked.Increment(ref probes)), Short);
        var slow = new TaskCompletionSource<int>();
        var list = new DatabaseAccess(circuit, Short).ListAsync(() => slow.Task);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Volatile.Read(ref probes) == 0)
            await Task.Delay(10, patience.Token);
        slow.SetResult(7);

        Assert.Equal(7, await list);
        Assert.False(circuit.IsOpen);
    }

    [Theory]
    [InlineData("25006", 2)]
    [InlineData("26000", 2)]
    [InlineData("57P01", 1)]
    [InlineData("23505", 1)]
    public async Task What_had_no_effect_on_a_useless_session_runs_once_more_and_nothing_else_does(string sqlState, int runs)
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var ran = 0;

        await Assert.ThrowsAsync<PostgresException>(() => new DatabaseAccess(circuit, Long).RunAsync<int>(async () =>
        {
            ran++;
            await Task.Yield();
            throw new PostgresException("refused", "ERROR", "ERROR", sqlState);
        }));

        Assert.Equal(runs, ran);
    }

    [Fact]
    public async Task A_stream_whose_next_row_does_not_come_ends_and_is_disposed_of_later()
    {
        await using var circuit = Circuit(_ => Task.CompletedTask, Long);
        var (next, disposed) = (new TaskCompletionSource(), new TaskCompletionSource());
        RequestBudget.Begin(Short);
        var read = 0;

        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () =>
        {
            await foreach (var row in new DatabaseAccess(circuit, Long).StreamAsync(Rows(), default))
                read += row;
        });

        Assert.Equal(1, read);
        Assert.False(disposed.Task.IsCompleted);
        next.SetResult();
        await disposed.Task.WaitAsync(TimeSpan.FromSeconds(30));

        async IAsyncEnumerable<int> Rows()
        {
            try
            {
                yield return 1;
                await next.Task;
            }
            finally
            {
                disposed.SetResult();
            }
        }
    }

    private static DatabaseCircuit Circuit(Func<CancellationToken, Task> probe, TimeSpan patience) =>
        new(probe, patience, NullLogger<DatabaseCircuit>.Instance);
}
