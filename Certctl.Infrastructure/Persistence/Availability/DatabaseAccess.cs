using System.Data.Common;
using System.Runtime.CompilerServices;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// Every wait for the database passes here. It ends with the request's <see cref="RequestBudget"/>, or as soon as the database is known to
/// hang; what was asked goes on without its caller, keeps its own connection, and is bounded by the driver. It may still take effect.
/// </summary>
/// <param name="deadline">Of one request, over all its waits.</param>
internal sealed class DatabaseAccess(DatabaseCircuit circuit, TimeSpan deadline)
{
    /// <summary>
    /// For one list with its totals, which the request's deadline does not bound: the first count of a large table takes its time.
    /// </summary>
    public static readonly TimeSpan MaxList = TimeSpan.FromSeconds(60);

    public TimeSpan Deadline => deadline;

    private TimeSpan ListBound => MaxList > deadline ? MaxList : deadline;

    /// <summary>
    /// Runs an operation of one request. One that failed on a useless session without any effect is run once more, on another.
    /// </summary>
    public Task<T> RunAsync<T>(Func<Task<T>> operation) => RunAsync(operation, static operation => operation());

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> operation) => RunAsync(async () =>
    {
        await operation();
        return true;
    });

    /// <summary>The same for what each enrolment asks: an operation that captures nothing costs no closure.</summary>
    public Task<T> RunAsync<TState, T>(TState state, Func<TState, Task<T>> operation)
    {
        if (circuit.IsOpen)
            return Task.FromException<T>(Hangs());
        var asked = operation(state);
        return asked.IsCompletedSuccessfully
            ? asked
            : FinishAsync(asked, state, operation, RequestBudget.Current, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The same for a list. What is done with it may then wait for the request's whole budget.</summary>
    public Task<T> ListAsync<T>(Func<Task<T>> operation)
    {
        if (circuit.IsOpen)
            return Task.FromException<T>(Hangs());
        RequestBudget.Current?.Renew();
        return FinishAsync(operation(), operation, static operation => operation(), budget: null, ListBound);
    }

    /// <summary>
    /// The first row is waited for as long as for a list; each further one for what is left of the request's budget. Rows that come cost
    /// nothing of it.
    /// </summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(IAsyncEnumerable<T> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfOpen();
        var reader = rows.GetAsyncEnumerator(cancellationToken);
        var next = Task.FromResult(false);
        try
        {
            for (var first = true; ; first = false)
            {
                var moving = reader.MoveNextAsync();
                if (!moving.IsCompletedSuccessfully)
                {
                    next = moving.AsTask();
                    if (!await WithinAsync(next, first ? ListBound : RequestBudget.Current?.Remaining ?? deadline))
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
        await EndAsync(asked, bound);
        return await asked;
    }

    private static async Task DisposeLaterAsync(Task next, IAsyncDisposable reader)
    {
        await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await reader.DisposeAsync();
    }

    private async Task<T> FinishAsync<TState, T>(
        Task<T> asked, TState state, Func<TState, Task<T>> operation, RequestBudget? budget, TimeSpan bound)
    {
        budget?.Enter();
        try
        {
            await EndAsync(asked, budget?.Remaining ?? bound);
            if (!asked.IsFaulted || asked.Exception.InnerException is not DbException fault
                || SessionFaults.Of(fault) != SessionFault.Useless)
                return await asked;
            ThrowIfOpen();
            asked = operation(state);
            await EndAsync(asked, budget?.Remaining ?? bound);
            return await asked;
        }
        finally
        {
            budget?.Leave();
        }
    }

    /// <summary>Returns when it ended, in whatever way; throws when the time is up or the circuit has opened.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EndAsync(Task asked, TimeSpan bound)
    {
        if (asked.IsCompleted)
            return;
        var started = TimeProvider.System.GetTimestamp();
        var left = bound;

        // Shorter than the patience of the circuit, a wait says nothing of the database.
        if (bound == Timeout.InfiniteTimeSpan || bound > circuit.Patience)
        {
            await asked.WaitAsync(circuit.Patience, circuit.Opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (asked.IsCompleted)
                return;
            circuit.Suspect();
            if (bound != Timeout.InfiniteTimeSpan)
                left = TimeSpan.FromTicks(Math.Max(0, (bound - TimeProvider.System.GetElapsedTime(started)).Ticks));
        }

        await asked.WaitAsync(left, circuit.Opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked.IsCompleted)
            return;
        _ = asked.ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        ThrowIfOpen();
        throw new DatabaseUnavailableException($"The database did not answer within {bound.TotalSeconds:0.#} s.");
    }

    /// <summary>Refuses at once while the database is known to hang.</summary>
    public void ThrowIfOpen()
    {
        if (circuit.IsOpen)
            throw Hangs();
    }

    private static DatabaseUnavailableException Hangs() =>
        new("The database does not answer; requests that need it are refused until it does.");
}
