using System.Collections.Concurrent;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>
/// The CRLs of all CAs here: in memory for those who ask, made anew in the background after a revocation and at half of their validity. One
/// process makes a list, under a lease in the database; the others take over what it has stored (ADR 41).
/// </summary>
public sealed class CrlPublisher(
    IssuerRegistry issuers,
    IRevocationStore revocations,
    ICrlStore store,
    DatabaseClock clock,
    TimeProvider process,
    CrlTimes times)
{
    private readonly ConcurrentDictionary<(string IssuerId, string KeyId), PublishedCrl> _held = new();
    private readonly string _holder = Guid.NewGuid().ToString("N");
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A list of millions is not made without a pause.
    private readonly ConcurrentDictionary<(string IssuerId, string KeyId), TimeSpan> _lastTook = new();

    // Of retired CAs. Read again now and then: another process may have issued under such a CA while a rollover went on.
    private readonly ConcurrentDictionary<(string IssuerId, string KeyId), (DateTimeOffset End, long ReadAt)> _lastEnds = new();

    /// <summary>The current CRL; null: none has been made yet, or this CA may not sign any.</summary>
    public PublishedCrl? Find(IPublishesStatus issuer) => _held.GetValueOrDefault(KeyOf(issuer));

    /// <summary>The same, for a CA that may sign CRLs; waits for the first one.</summary>
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

    /// <summary>Drops the CRL of a CA that is in use no more.</summary>
    public void Forget(IPublishesStatus issuer) => _held.TryRemove(KeyOf(issuer), out _);

    /// <summary>All that are held, with their CAs.</summary>
    public IEnumerable<(IPublishesStatus Issuer, PublishedCrl Crl)> Held =>
        from issuer in Publishers
        let crl = Find(issuer)
        where crl is not null
        select (issuer, crl);

    /// <summary>Takes over what other processes have published, and makes what is due.</summary>
    /// <returns>What was made.</returns>
    public async Task<IReadOnlyList<PublishedCrl>> LookAsync(CancellationToken cancellationToken)
    {
        // One whose key or list fails keeps no other from being looked at.
        var looks = Publishers.Select(issuer => LookAsync(issuer, cancellationToken)).ToList();
        return [.. (await Task.WhenAll(looks)).OfType<PublishedCrl>()];
    }

    private IEnumerable<IPublishesStatus> Publishers =>
        issuers.All.SelectMany(issuer => issuer.All).OfType<IPublishesStatus>()
            .Where(issuer => issuer.Crls is not null || !issuer.HasKey);

    private async Task<PublishedCrl?> LookAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        var state = await store.StateAsync(issuer.IssuerId, issuer.KeyId, cancellationToken);
        var isOver = issuer.IsRetired && await IsOverAsync(issuer, state, cancellationToken);
        if (isOver && await HasLapsedAsync(issuer, state, cancellationToken))
        {
            Forget(issuer);
            return null;
        }

        if (state.Last is { } last && last.Number > (Find(issuer)?.Number ?? 0)
            && await store.ReadAsync(issuer.IssuerId, issuer.KeyId, cancellationToken) is { } stored)
            Hold(issuer, stored);
        if (isOver || !await IsDueAsync(issuer, state, cancellationToken)
            || await store.TakeLeaseAsync(issuer.IssuerId, issuer.KeyId, _holder, times.Lease, cancellationToken) is not { } lease)
            return null;

        // The process that had the lease before may have published in between.
        state = await store.StateAsync(issuer.IssuerId, issuer.KeyId, cancellationToken);
        if (!await IsDueAsync(issuer, state, cancellationToken))
            return null;
        var started = process.GetTimestamp();
        if (await MakeUnderAsync(lease, issuer, state, cancellationToken) is not { } crl)
            return null;
        _lastTook[KeyOf(issuer)] = process.GetElapsedTime(started);
        Hold(issuer, crl);
        return crl;
    }

    // Whether the retired CA signs no further list: it cannot, or one was made after the end of its last certificate (RFC 5280 §3.3).
    private async Task<bool> IsOverAsync(IPublishesStatus issuer, CrlState state, CancellationToken cancellationToken) =>
        issuer.Crls is null || (state.Last is { } last && last.ThisUpdate > await LastEndAsync(issuer, cancellationToken));

    private async Task<bool> HasLapsedAsync(IPublishesStatus issuer, CrlState state, CancellationToken cancellationToken) =>
        (Find(issuer)?.NextUpdate ?? state.Last?.NextUpdate) is not { } end || end <= await clock.NowAsync(cancellationToken);

    private async Task<DateTimeOffset> LastEndAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        if (_lastEnds.TryGetValue(KeyOf(issuer), out var known) && process.GetElapsedTime(known.ReadAt) < times.LastEndKept)
            return known.End;
        var end = await revocations.FindLastEndAsync(issuer.IssuerId, issuer.KeyId, cancellationToken) ?? DateTimeOffset.MinValue;
        _lastEnds[KeyOf(issuer)] = (end, process.GetTimestamp());
        return end;
    }

    private async Task<bool> IsDueAsync(IPublishesStatus issuer, CrlState state, CancellationToken cancellationToken)
    {
        // A restored database may have forgotten the list that is held here.
        if (state.Last is not { } last || last.Number < Find(issuer)?.Number)
            return true;

        // Below zero: the clock was ahead when the list was made.
        var age = await clock.NowAsync(cancellationToken) - last.ThisUpdate;
        var pause = _lastTook.GetValueOrDefault(KeyOf(issuer));
        return (state.Epoch != last.Epoch && (age < TimeSpan.Zero || age >= (pause > times.Coalesce ? pause : times.Coalesce)))
            || age >= times.Validity / 2;
    }

    /// <summary>Makes the list and publishes it; gives up as soon as the lease is lost. Null: another process was faster.</summary>
    private async Task<PublishedCrl?> MakeUnderAsync(
        CrlLease lease, IPublishesStatus issuer, CrlState state, CancellationToken cancellationToken)
    {
        using var held = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewing = RenewAsync(lease, held);
        try
        {
            var crl = await MakeAsync(issuer, state, held.Token);
            return await store.SaveAsync(lease, crl, state.Epoch, PublicationTrail.CrlPublished(issuer, crl), held.Token) ? crl : null;
        }
        finally
        {
            await held.CancelAsync();
            await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RenewAsync(CrlLease lease, CancellationTokenSource held)
    {
        using var timer = new PeriodicTimer(times.Lease / 3, process);
        while (await timer.WaitForNextTickAsync(held.Token))
        {
            // A renewal that fails is tried again: the fence decides in the end.
            var renewal = store.RenewAsync(lease, times.Lease, held.Token);
            await ((Task)renewal).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (renewal.IsCompletedSuccessfully && !await renewal)
                await held.CancelAsync();
        }
    }

    private async Task<PublishedCrl> MakeAsync(IPublishesStatus issuer, CrlState state, CancellationToken cancellationToken)
    {
        var thisUpdate = WholeSeconds(await clock.ReadAsync(cancellationToken));

        // RFC 5280 §5.1.2.5: nextUpdate never falls, also where the validity was made shorter.
        var nextUpdate = thisUpdate + times.Validity;
        if (state.Last is { } last && last.NextUpdate > nextUpdate)
            nextUpdate = last.NextUpdate;

        // RFC 5280 §5.2.3: greater than every one before, also than those that a restored backup has forgotten: there are never more lists
        // than seconds, so the time is ahead of them (ADR 41).
        var before = Math.Max(state.Last?.Number ?? 0, Find(issuer)?.Number ?? 0);
        var number = Math.Max(before + 1, thisUpdate.ToUnixTimeSeconds());

        // RFC 5280 §3.3: an entry stays until it has stood in a CRL made after the certificate's end, also where none was made for long.
        var endsAfter = thisUpdate - times.Validity;
        if (state.Last is { } previous && previous.ThisUpdate < endsAfter)
            endsAfter = previous.ThisUpdate;
        var entries = revocations.ListRevokedAsync(issuer.IssuerId, issuer.KeyId, endsAfter, cancellationToken);
        var crl = await issuer.Crls!.WriteAsync(new CrlHeader(number, thisUpdate, nextUpdate), entries, cancellationToken);
        return issuer.IsRetired && thisUpdate > await LastEndAsync(issuer, cancellationToken)
            ? crl with { LastOf = IssuerNames.Of(issuer) }
            : crl;
    }

    private void Hold(IPublishesStatus issuer, PublishedCrl crl)
    {
        _held[KeyOf(issuer)] = crl;
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private static (string IssuerId, string KeyId) KeyOf(IPublishesStatus issuer) => (issuer.IssuerId, issuer.KeyId);

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
