using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Infrastructure.Persistence.Availability;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// Group commit: callers hand their entry to one writer task, which takes whatever is waiting and commits it together. No timer: under
/// little load an entry goes alone at once; under much load the waiting grows into batches by itself. Each entry gets its own verdict.
/// </summary>
internal sealed class EnrolmentJournal : IEnrolmentJournal, IAsyncDisposable
{
    public const int BatchLimit = 64;

    private const int Capacity = 1024;

    // The reason of a refused claim can be gone by the time it is looked for (an answer that just lapsed); then the claim is tried again.
    private const int Attempts = 3;

    // Another process may take the chosen slot of a device; each conflict means that one of the two made progress.
    private const int AttemptsForSlot = 16;

    private static readonly JournalVerdict.Committed Committed = new();

    private readonly Channel<Item> _waiting = Channel.CreateBounded<Item>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly IJournalWriter _writer;
    private readonly JournalConflicts _conflicts;
    private readonly DatabaseAccess _access;
    private readonly Lazy<Task> _running;

    // Of the writer task alone: a batch is over before the next one is taken.
    private readonly List<Item> _batch = new(BatchLimit);
    private readonly HashSet<byte[]> _keys = new(BatchLimit, RequestKeyComparer.Instance);
    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);

    public EnrolmentJournal(IJournalWriter writer, JournalConflicts conflicts, DatabaseAccess access)
    {
        (_writer, _conflicts, _access) = (writer, conflicts, access);
        _running = new Lazy<Task>(() => Task.Run(RunAsync));
        _meter.CreateObservableGauge(
            "certctl_journal_waiting", () => _waiting.Reader.Count, "{enrolment}", "Enrolments that wait to be committed.");
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Once handed over the entry is committed, also when the caller stops waiting: a repeated request then meets its answer.
    /// </remarks>
    public Task<JournalVerdict> CommitAsync(JournalEntry entry, CancellationToken cancellationToken) =>
        _access.RunAsync(
            (journal: this, entry, cancellationToken),
            static commit => commit.journal.HandOverAsync(commit.entry, commit.cancellationToken));

    private async Task<JournalVerdict> HandOverAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        _ = _running.Value;
        for (var attempt = 0; attempt < (entry.Budget is null ? Attempts : AttemptsForSlot); attempt++)
        {
            var item = new Item(entry);
            await _waiting.Writer.WriteAsync(item, cancellationToken);
            if (await item.Claimed.Task.WaitAsync(cancellationToken))
                return Committed;
            if (await _conflicts.FindAsync(entry, cancellationToken) is { } verdict)
                return verdict;
        }

        throw new InvalidOperationException($"The journal refused enrolment {entry.Enrolment.Id} and found no reason for it.");
    }

    /// <summary>Takes no more, commits what is waiting, closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        if (_running.IsValueCreated)
            await _running.Value;
        await _writer.DisposeAsync();
        _meter.Dispose();
    }

    private async Task RunAsync()
    {
        // Entries whose key the batch before already carried: they must see its outcome.
        Queue<Item> again = new();
        var reader = _waiting.Reader;
        while (again.Count > 0 || await reader.WaitToReadAsync())
        {
            Take(reader, again);
            await CommitAsync(_batch);
        }
    }

    /// <summary>What is waiting, sorted by request key, no key twice, a solitary entry alone.</summary>
    private void Take(ChannelReader<Item> reader, Queue<Item> again)
    {
        _batch.Clear();
        _keys.Clear();
        for (var waiting = again.Count; waiting > 0; waiting--)
            Place(again.Dequeue());
        while (_batch.Count < BatchLimit && again.Count < BatchLimit && reader.TryRead(out var item))
            Place(item);
        _batch.Sort(static (a, b) => a.Entry.RequestKey.AsSpan().SequenceCompareTo(b.Entry.RequestKey));

        void Place(Item item)
        {
            var alone = _batch.Count > 0 && (item.Entry.IsSolitary || _batch[0].Entry.IsSolitary);
            if (!alone && _batch.Count < BatchLimit && !Keys(item.Entry).Any(_keys.Contains))
            {
                _batch.Add(item);
                _keys.UnionWith(Keys(item.Entry));
            }
            else
            {
                again.Enqueue(item);
            }
        }
    }

    /// <summary>All that it claims: digests, each over something else.</summary>
    private static IEnumerable<byte[]> Keys(JournalEntry entry) =>
        entry.HasClaims ? new[] { entry.RequestKey, entry.Use?.Key, entry.Budget?.Key }.OfType<byte[]>() : [entry.RequestKey];

    /// <summary>
    /// Commits the batch; where it fails as a whole, each entry by itself, so that one bad row costs the others nothing but time.
    /// </summary>
    private async Task CommitAsync(List<Item> batch)
    {
        var fault = await FaultOfAsync(TryAsync(batch));
        if (fault is not null && _writer.IsTransient(fault))
            fault = await FaultOfAsync(TryAsync(batch));
        if (fault is null)
            return;
        if (batch.Count == 1 || SessionFaults.IsOfServer(fault))
        {
            foreach (var item in batch)
                item.Claimed.TrySetException(fault);
            return;
        }

        foreach (var item in batch)
            await CommitAsync([item]);
    }

    private async Task TryAsync(List<Item> batch)
    {
        HashSet<Guid> claimed = new(batch.Count);
        await _writer.WriteAsync(batch.ConvertAll(static item => item.Entry), claimed, CancellationToken.None);
        foreach (var item in batch)
            item.Claimed.TrySetResult(claimed.Contains(item.Entry.Enrolment.Id));
    }

    // The writer task must outlive any accident: it belongs to the caller whose entry met it.
    private static async Task<Exception?> FaultOfAsync(Task work)
    {
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompletedSuccessfully ? null : work.Exception?.InnerException ?? new OperationCanceledException();
    }

    private sealed class Item(JournalEntry entry)
    {
        public JournalEntry Entry => entry;

        public TaskCompletionSource<bool> Claimed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Request keys are SHA-256 digests: any four bytes of one are a good hash.</summary>
internal sealed class RequestKeyComparer : IEqualityComparer<byte[]>
{
    public static readonly RequestKeyComparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => obj.Length < sizeof(int) ? obj.Length : BitConverter.ToInt32(obj, 0);
}
