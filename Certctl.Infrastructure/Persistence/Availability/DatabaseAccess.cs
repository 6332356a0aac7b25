using System.Data.Common;
using System.Runtime.CompilerServices;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// Every wait for the database passes here. It ends with the request's <see cref="RequestBudget"/>, or as soon as the database is known to
/// hang; what was
/// asked goes on without its caller, keeps its own connection, and is bounded by the driver. It may still take effect.
/// </summary>
/// <param name="deadline">Of one request, over all its waits.</param>
internal sealed class DatabaseAccess(DatabaseCircuit circuit, TimeSpan deadline)
{
    /// <summary>
    /// For one list with its totals, which the request's deadline does not bound: the first count of a large table takes its time.
    /// </summary>
    public static readonly TimeSpan MaxList = TimeSpan.FromSeconds(60);

    public TimeSpan Deadline => deadline;

    /// <summary>
    /// Runs an operation of one request. One that failed on a useless session without any effect is run once more, on another.
    /// </summary>
    public Task<T> RunAsync<T>(Func<Task<T>> operation)
    {
        if (circuit.IsOpen)
            return Task.FromException<T>(Hangs());
        var asked = operation();
        return asked.IsCompletedSuccessfully ? asked : FinishAsync(asked, operation, RequestBudget.Current, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> operation) => RunAsync(async () =>
    {
        await operation();
        return true;
    });

    /// <summary>The same for a list.</summary>
    public Task<T> ListAsync<T>(Func<Task<T>> operation) =>
        circuit.IsOpen ? Task.FromException<T>(Hangs()) : FinishAsync(operation(), operation, budget: null, MaxList > deadline ? MaxList : deadline);

    /// <summary>Each wait for a row is bounded by what is left of the request's budget; rows that come cost nothing of it.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(IAsyncEnumerable<T> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfOpen();
        var reader = rows.GetAsyncEnumerator(cancellationToken);
        var next = Task.FromResult(false);
        try
        {
            while (true)
            {
                var moving = reader.MoveNextAsync();
                if (!moving.IsCompletedSuccessfully)
                {
                    next = moving.AsTask();
                    if (!await WithinAsync(next, RequestBudget.Current?.Remaining ?? deadline))
                        yield break;
                }
                else if (!await moving)
                {
                    yield break;
                }

                yield return reader.Current;
            }
        }
        finally
        {
            // An enumerator that still waits cannot be disposed of; it is when its wait ends.
            if (next.IsCompleted)
                await reader.DisposeAsync();
            else
                _ = DisposeLaterAsync(next, reader);
        }
    }

    /// <summary>Waits for what was asked of the database, at most <paramref name="bound"/>.</summary>
    public async Task<T> WithinAsync<T>(Task<T> asked, TimeSpan bound)
    {
        // Shorter than the patience of the circuit, a wait says nothing of the database.
        var started = TimeProvider.System.GetTimestamp();
        if (bound == Timeout.InfiniteTimeSpan || bound > circuit.Patience)
        {
            if (await EndsAsync(asked, circuit.Patience))
                return await asked;
            circuit.Suspect();
        }

        var left = bound == Timeout.InfiniteTimeSpan ? bound : bound - TimeProvider.System.GetElapsedTime(started);
        if (await EndsAsync(asked, left))
            return await asked;
        _ = asked.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        ThrowIfOpen();
        throw new DatabaseUnavailableException($"The database did not answer within {bound.TotalSeconds:0.#} s.");
    }

    private static async Task DisposeLaterAsync(Task next, IAsyncDisposable reader)
    {
        await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await reader.DisposeAsync();
    }

    private async Task<T> FinishAsync<T>(Task<T> asked, Func<Task<T>> operation, RequestBudget? budget, TimeSpan bound)
    {
        try
        {
            return await SpendAsync(asked, budget, bound);
        }
        catch (DbException fault) when (SessionFaults.Of(fault) == SessionFault.Useless)
        {
            ThrowIfOpen();
            return await SpendAsync(operation(), budget, bound);
        }
    }

    private async Task<T> SpendAsync<T>(Task<T> asked, RequestBudget? budget, TimeSpan bound)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            return await WithinAsync(asked, budget?.Remaining ?? bound);
        }
        finally
        {
            budget?.Spend(TimeProvider.System.GetElapsedTime(started));
        }
    }

    /// <summary>True when it ended, in whatever way; false when the time is up or the circuit has opened.</summary>
    private async Task<bool> EndsAsync(Task asked, TimeSpan bound)
    {
        if (!asked.IsCompleted)
            await asked.WaitAsync(bound < TimeSpan.Zero && bound != Timeout.InfiniteTimeSpan ? TimeSpan.Zero : bound, circuit.Opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return asked.IsCompleted;
    }

    /// <summary>Refuses at once while the database is known to hang.</summary>
    public void ThrowIfOpen()
    {
        if (circuit.IsOpen)
            throw Hangs();
    }

    private static DatabaseUnavailableException Hangs() => new("The database does not answer; requests that need it are refused until it does.");
}
