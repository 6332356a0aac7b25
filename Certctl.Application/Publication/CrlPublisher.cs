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
    private readonly RetiredLists _retired = new(revocations, process, times);
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A list of millions is not made without a pause.
    private readonly ConcurrentDictionary<(string IssuerId, string Key), TimeSpan> _lastTook = new();

    /// <summary>The current complete CRL; null: none has been made yet, or this CA may not sign any.</summary>
    public PublishedCrl? Find(IPublishesStatus issuer) => Find(issuer, partition: null);

    /// <summary>The current CRL of a partition; null: there is none of this name, or its list has not been made yet.</summary>
    /// <param name="partition">As <see cref="CrlPartition.NameOf"/>; null: the complete CRL.</param>
    public PublishedCrl? Find(IPublishesStatus issuer, string? partition) => _held.GetValueOrDefault(KeyOf(issuer, partition)).Crl;

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
    /// <param name="partition">As for <see cref="Find(IPublishesStatus, string?)"/>.</param>
    public bool HasEnded(IPublishesStatus issuer, string? partition) => _retired.HasEnded(KeyOf(issuer, partition));

    /// <summary>Drops the CRLs of a CA that is in use no more; the registry does not have it by then.</summary>
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
        CrlScope[] scopes = HasDelta(issuer) ? [new(issuer), new(issuer) { IsDelta = true }] : [new(issuer)];
        return await EachAsync(scopes, async scope =>
        {
            Task<CrlState?> StateAsync() => StateOfAsync(scope, cancellationToken);
            return await LookAsync(scope, await StateAsync(), StateAsync, cancellationToken);
        });
    }

    // One after the other. One that fails keeps no later one from being looked at; what failed is thrown in the end.
    private static async Task<IReadOnlyList<PublishedCrl>> EachAsync<T>(IEnumerable<T> lists, Func<T, Task<PublishedCrl?>> lookAsync)
    {
        var looks = new List<Task<PublishedCrl?>>();
        foreach (var list in lists)
        {
            var look = lookAsync(list);
            await ((Task)look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            looks.Add(look);
        }

        return [.. (await Task.WhenAll(looks)).OfType<PublishedCrl>()];
    }

    private bool HasDelta(IPublishesStatus issuer) => times.DeltaValidity is not null && issuer.FreshestUrl is not null;

    private async Task<CrlState?> StateOfAsync(CrlScope scope, CancellationToken cancellationToken)
    {
        var (issuerId, key) = KeyOf(scope);
        var state = await store.StateAsync(issuerId, key, cancellationToken);
        if (!HasDelta(scope.Issuer))
            return state;
        var beside = KeyOf(scope with { IsDelta = !scope.IsDelta });
        return state with { Beside = (await store.StateAsync(issuerId, beside.Key, cancellationToken)).Last };
    }

    // Each is small, and there may be hundreds.
    private async Task<IReadOnlyList<PublishedCrl>> LookAtPartitionsAsync(IPublishesStatus issuer, CancellationToken cancellationToken) =>
        await EachAsync(await store.PartitionsAsync(issuer.IssuerId, issuer.KeyId, cancellationToken), partition =>
        {
            async Task<CrlState?> StateAsync() =>
                (await store.PartitionsAsync(issuer.IssuerId, issuer.KeyId, cancellationToken))
                    .FirstOrDefault(again => again.Url == partition.Url)?.State;
            return LookAsync(new CrlScope(issuer, partition.Url), partition.State, StateAsync, cancellationToken);
        });

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
            || await store.TakeLeaseAsync(
                issuerId, scope.IsDelta ? scope.Issuer.KeyId : key, _holder, times.Lease, cancellationToken) is not { } lease)
            return null;

        // The process that had the lease before may have published in between.
        state = await stateAsync();
        if (state is null || !await IsDueAsync(scope, state, cancellationToken))
            return null;
        var started = process.GetTimestamp();
        var lastEnd = await _retired.LastEndAsync(scope.Issuer, cancellationToken);
        if (await _maker.MakeUnderAsync(lease, scope, new(state, Find(scope)?.Number ?? 0, lastEnd), cancellationToken) is not { } crl)
            return null;
        _lastTook[KeyOf(scope)] = process.GetElapsedTime(started);
        Hold(scope, crl);
        return crl;
    }

    private async Task<bool> IsDueAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken)
    {
        if (await _retired.IsOverAsync(scope, state, cancellationToken))
            return false;

        // RFC 5280 §5.2.3: a complete and a delta CRL of one thisUpdate would have one number, and had to say the same.
        var now = await clock.NowAsync(cancellationToken);
        if (state.Beside is { } beside && now >= beside.ThisUpdate && now < beside.ThisUpdate + TimeSpan.FromSeconds(1))
            return false;
        if (scope.IsDelta && state.Beside is null)
            return false;

        // A restored database may have forgotten the list that is held here.
        if (state.Last is not { } last || last.Number < Find(scope)?.Number)
            return true;

        // Below zero: the clock was ahead when the list was made.
        var age = now - last.ThisUpdate;
        if (scope.IsDelta)
            return last.Number < state.Beside!.Number || age >= times.DeltaValidity / 2;
        var pause = _lastTook.GetValueOrDefault(KeyOf(scope));
        return (state.Epoch != last.Epoch && (age < TimeSpan.Zero || age >= (pause > times.Coalesce ? pause : times.Coalesce)))
            || age >= times.Validity / 2;
    }

    private async Task<bool> IsServedNoMoreAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken)
    {
        var end = Find(scope)?.NextUpdate ?? state.Last?.NextUpdate;
        var hasEnded = await _retired.IsOverAsync(scope, state, cancellationToken)
            && !(end > await clock.NowAsync(cancellationToken));
        _retired.Note(KeyOf(scope), hasEnded);
        if (hasEnded)
            _held.TryRemove(KeyOf(scope), out _);
        return hasEnded;
    }

    private PublishedCrl? Find(CrlScope scope) => _held.GetValueOrDefault(KeyOf(scope)).Crl;

    private void Hold(CrlScope scope, PublishedCrl crl)
    {
        _held[KeyOf(scope)] = (scope.Name, crl);

        // A reload may have taken the CA away since the look began: what comes after its Forget would be held for good.
        if (!Publishers.Any(issuer => issuer.IssuerId == scope.Issuer.IssuerId && issuer.KeyId == scope.Issuer.KeyId))
            Forget(scope.Issuer);
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private static (string IssuerId, string Key) KeyOf(CrlScope scope) => (scope.Issuer.IssuerId, scope.Key);

    private static (string IssuerId, string Key) KeyOf(IPublishesStatus issuer, string? partition) =>
        (issuer.IssuerId, partition is null ? issuer.KeyId : CrlScope.KeyOf(issuer.KeyId, partition));
}
