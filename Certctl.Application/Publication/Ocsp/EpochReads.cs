using System.Collections.Concurrent;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>
/// Reads the revocation epochs of issuers, many requests at a time. A request never gets a read that began before it asked: it might not
/// have seen a revocation that was acknowledged in between. One that comes while a read runs waits for the next one, with all others that
/// do; so there is one read at a time for each issuer, however many requests there are.
/// </summary>
internal sealed class EpochReads(IRevocationStore store, TimeProvider clock)
{
    /// <summary>For one read. One that hangs keeps all others waiting.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Queue> _queues = new(StringComparer.Ordinal);

    /// <summary>The epoch as a read found it that began after this call.</summary>
    public Task<EpochRead> ReadAsync(string issuerId, CancellationToken cancellationToken) =>
        _queues.GetOrAdd(issuerId, static (id, reads) => new Queue(id, reads.Store, reads.Clock), (Store: store, Clock: clock))
            .JoinAsync().WaitAsync(cancellationToken);

    private sealed class Queue(string issuerId, IRevocationStore store, TimeProvider clock)
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource<EpochRead>? _next;
        private bool _running;

        public Task<EpochRead> JoinAsync()
        {
            lock (_lock)
            {
                _next ??= new TaskCompletionSource<EpochRead>(TaskCreationOptions.RunContinuationsAsynchronously);
                var joined = _next.Task;
                if (!_running)
                {
                    _running = true;

                    // Without the context of the request that happens to start it: its budget of waiting is not the others'.
                    ThreadPool.UnsafeQueueUserWorkItem(static queue => _ = queue.RunAsync(), this, preferLocal: false);
                }

                return joined;
            }
        }

        private async Task RunAsync()
        {
            while (TryTake() is { } next)
            {
                var began = clock.GetTimestamp();
                var reading = ReadAsync();
                await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (reading.IsCompletedSuccessfully)
                {
                    next.SetResult(new EpochRead(await reading, began));
                    continue;
                }

                next.SetException(reading.Exception?.InnerException ?? new TimeoutException("The revocation epoch was not read in time."));

                // Every request that waited may be gone.
                _ = next.Task.Exception;
            }
        }

        private TaskCompletionSource<EpochRead>? TryTake()
        {
            lock (_lock)
            {
                var next = _next;
                (_next, _running) = (null, next is not null);
                return next;
            }
        }

        private async Task<long> ReadAsync()
        {
            using var deadline = new CancellationTokenSource(Deadline, clock);
            return await store.EpochAsync(issuerId, deadline.Token).WaitAsync(deadline.Token);
        }
    }
}

/// <param name="BeganAt">Timestamp of the monotonic clock.</param>
internal readonly record struct EpochRead(long Epoch, long BeganAt);
