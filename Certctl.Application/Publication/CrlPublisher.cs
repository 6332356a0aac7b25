using System.Collections.Concurrent;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>
/// The CRLs of all CAs here, complete and of partitions: in memory for those who ask, made anew in the background after a revocation and at
/// half of their validity. One process makes a list, under a lease in the database; the others take over what it has stored (ADR 41).
/// </summary>
public sealed class CrlPublisher(
    IssuerRegistry issuers,
    IRevocationStore revocations,
    ICrlStore store,
    DatabaseClock clock,
    TimeProvider process,
    CrlTimes times)
{
    private readonly ConcurrentDictionary<(string IssuerId, string Key), (string Name, PublishedCrl Crl)> _held = new();
    private readonly string _holder = Guid.NewGuid().ToString("N");
    private readonly CrlMaker _maker = new(revocations, store, clock, process, times);
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A list of millions is not made without a pause.
    private readonly ConcurrentDictionary<(string IssuerId, string Key), TimeSpan> _lastTook = new();

    // Of retired CAs. Read again now and then: another process may have issued under such a CA while a rollover went on.
    private readonly ConcurrentDictionary<(string IssuerId, string KeyId), (DateTimeOffset End, long ReadAt)> _lastEnds = new();

    private readonly ConcurrentDictionary<(string IssuerId, string Key), bool> _ended = new();

    /// <summary>The current complete CRL; null: none has been made yet, or this CA may not sign any.</summary>
    public PublishedCrl? Find(IPublishesStatus issuer) => Find(issuer, partition: null);

    /// <summary>The current CRL of a partition; null: there is none of this name, or its list has not been made yet.</summary>
    /// <param name="partition">As <see cref="CrlPartition.NameOf"/>; null: the complete CRL.</param>
    public PublishedCrl? Find(IPublishesStatus issuer, string? partition) => _held.GetValueOrDefault(
        (issuer.IssuerId, partition is null ? issuer.KeyId : CrlScope.KeyOf(issuer.KeyId, partition))).Crl;

    /// <summary>The complete CRL of a CA that may sign CRLs; waits for the first one.</summary>
    /// <exception cref="TimeoutException">It is not there after <see cref="CrlTimes.MaxWait"/>.</exception>
    public async Task<PublishedCrl> CurrentAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        var started = process.GetTimestamp();
        while (true)
        {
            var changed = _changed.Task;
            if (Find(issuer) is { } crl)
                return crl;
            var left = times.MaxWait - process.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                throw new TimeoutException($"No CRL of {issuer.Name} has been made yet.");
            await changed.WaitAsync(left, process, cancellationToken);
        }
    }

    /// <summary>The CA is retired, and its last list has lapsed: there is none to wait for.</summary>
    public bool HasEnded(IPublishesStatus issuer) => _ended.ContainsKey((issuer.IssuerId, issuer.KeyId));

    /// <summary>Drops the CRLs of a CA that is in use no more.</summary>
    public void Forget(IPublishesStatus issuer)
    {
        var partitions = CrlScope.KeyOf(issuer.KeyId, "");
        foreach (var key in _held.Keys.Where(key => key.IssuerId == issuer.IssuerId
            && (key.Key == issuer.KeyId || key.Key.StartsWith(partitions, StringComparison.Ordinal))))
            _held.TryRemove(key, out _);
    }

    /// <summary>All that are held, by <see cref="CrlScope.Name"/>.</summary>
    public IEnumerable<(string Name, PublishedCrl Crl)> Held => _held.Values;

    /// <summary>Takes over what other processes have published, and makes what is due.</summary>
    /// <returns>What was made.</returns>
    public async Task<IReadOnlyList<PublishedCrl>> LookAsync(CancellationToken cancellationToken)
    {
        // One whose key or list fails keeps no other from being looked at.
        var looks = Publishers.SelectMany(issuer => new[]
        {
            LookAtCompleteAsync(issuer, cancellationToken), LookAtPartitionsAsync(issuer, cancellationToken),
        }).ToList();
        return [.. (await Task.WhenAll(looks)).SelectMany(made => made)];
    }

    private IEnumerable<IPublishesStatus> Publishers =>
        issuers.All.SelectMany(issuer => issuer.All).OfType<IPublishesStatus>()
            .Where(issuer => issuer.Crls is not null || !issuer.HasKey);

    private async Task<IReadOnlyList<PublishedCrl>> LookAtCompleteAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        async Task<CrlState?> StateAsync() => await store.StateAsync(issuer.IssuerId, issuer.KeyId, cancellationToken);
        return await LookAsync(new CrlScope(issuer), await StateAsync(), StateAsync, cancellationToken) is { } crl ? [crl] : [];
    }

    // One after the other: each is small, and there may be hundreds.
    private async Task<IReadOnlyList<PublishedCrl>> LookAtPartitionsAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        var made = new List<PublishedCrl>();
        foreach (var partition in await store.PartitionsAsync(issuer.IssuerId, issuer.KeyId, cancellationToken))
        {
            async Task<CrlState?> StateAsync() =>
                (await store.PartitionsAsync(issuer.IssuerId, issuer.KeyId, cancellationToken))
                    .FirstOrDefault(again => again.Url == partition.Url)?.State;
            if (await LookAsync(new CrlScope(issuer, partition.Url), partition.State, StateAsync, cancellationToken) is { } crl)
                made.Add(crl);
        }

        return made;
    }

    /// <param name="state">As it was a moment ago; null: the partition is gone.</param>
    /// <param name="stateAsync">As it is now.</param>
    private async Task<PublishedCrl?> LookAsync(
        CrlScope scope, CrlState? state, Func<Task<CrlState?>> stateAsync, CancellationToken cancellationToken)
    {
        if (state is null || await IsServedNoMoreAsync(scope, state, cancellationToken))
            return null;
        var (issuerId, key) = KeyOf(scope);
        if (state.Last is { } last && last.Number > (Find(scope)?.Number ?? 0)
            && await store.ReadAsync(issuerId, key, cancellationToken) is { } stored)
            Hold(scope, stored);
        if (!await IsDueAsync(scope, state, cancellationToken)
            || await store.TakeLeaseAsync(issuerId, key, _holder, times.Lease, cancellationToken) is not { } lease)
            return null;

        // The process that had the lease before may have published in between.
        state = await stateAsync();
        if (state is null || !await IsDueAsync(scope, state, cancellationToken))
            return null;
        var started = process.GetTimestamp();
        var lastEnd = scope.Issuer.IsRetired ? await LastEndAsync(scope.Issuer, cancellationToken) : DateTimeOffset.MaxValue;
        if (await _maker.MakeUnderAsync(lease, scope, new(state, Find(scope)?.Number ?? 0, lastEnd), cancellationToken) is not { } crl)
            return null;
        _lastTook[KeyOf(scope)] = process.GetElapsedTime(started);
        Hold(scope, crl);
        return crl;
    }

    private async Task<bool> IsDueAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken)
    {
        if (await IsOverAsync(scope, state, cancellationToken))
            return false;

        // A restored database may have forgotten the list that is held here.
        if (state.Last is not { } last || last.Number < Find(scope)?.Number)
            return true;

        // Below zero: the clock was ahead when the list was made.
        var age = await clock.NowAsync(cancellationToken) - last.ThisUpdate;
        var pause = _lastTook.GetValueOrDefault(KeyOf(scope));
        return (state.Epoch != last.Epoch && (age < TimeSpan.Zero || age >= (pause > times.Coalesce ? pause : times.Coalesce)))
            || age >= times.Validity / 2;
    }

    // Whether a retired CA signs no further list: it cannot, or one was made after the end of its last certificate (RFC 5280 §3.3).
    private async Task<bool> IsOverAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken) => scope.Issuer.IsRetired
        && (scope.Issuer.Crls is null
            || (state.Last is { } last && last.ThisUpdate > await LastEndAsync(scope.Issuer, cancellationToken)));

    private async Task<bool> IsServedNoMoreAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken)
    {
        var key = KeyOf(scope);
        var end = Find(scope)?.NextUpdate ?? state.Last?.NextUpdate;
        if (!await IsOverAsync(scope, state, cancellationToken) || end > await clock.NowAsync(cancellationToken))
        {
            _ended.TryRemove(key, out _);
            return false;
        }

        _ended[key] = true;
        _held.TryRemove(key, out _);
        return true;
    }

    private async Task<DateTimeOffset> LastEndAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        var key = (issuer.IssuerId, issuer.KeyId);
        if (_lastEnds.TryGetValue(key, out var known) && process.GetElapsedTime(known.ReadAt) < times.LastEndKept)
            return known.End;
        var end = await revocations.FindLastEndAsync(issuer.IssuerId, issuer.KeyId, cancellationToken) ?? DateTimeOffset.MinValue;
        _lastEnds[key] = (end, process.GetTimestamp());
        return end;
    }

    private PublishedCrl? Find(CrlScope scope) => _held.GetValueOrDefault(KeyOf(scope)).Crl;

    private void Hold(CrlScope scope, PublishedCrl crl)
    {
        _held[KeyOf(scope)] = (scope.Name, crl);
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private static (string IssuerId, string Key) KeyOf(CrlScope scope) => (scope.Issuer.IssuerId, scope.Key);
}
