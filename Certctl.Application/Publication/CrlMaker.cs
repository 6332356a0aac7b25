using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>Makes one CRL under its lease, with the next number (ADR 41).</summary>
internal sealed class CrlMaker(
    IRevocationStore revocations, ICrlStore store, DatabaseClock clock, TimeProvider process, CrlTimes times)
{
    /// <summary>Makes the list and publishes it; gives up as soon as the lease is lost. Null: another process was faster.</summary>
    public async Task<PublishedCrl?> MakeUnderAsync(
        CrlLease lease, CrlScope scope, CrlBefore before, CancellationToken cancellationToken)
    {
        using var renewed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewing = RenewAsync(lease, renewed);
        try
        {
            var crl = await MakeAsync(scope, before, renewed.Token);
            var audit = PublicationTrail.CrlPublished(scope, crl);
            return await store.SaveAsync(lease with { ListKey = scope.Key }, crl, before.State.Epoch, audit, renewed.Token) ? crl : null;
        }
        finally
        {
            await renewed.CancelAsync();
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

    private async Task<PublishedCrl> MakeAsync(CrlScope scope, CrlBefore before, CancellationToken cancellationToken)
    {
        var state = before.State;
        var thisUpdate = WholeSeconds(await clock.ReadAsync(cancellationToken));

        // RFC 5280 §5.1.2.5: nextUpdate never falls, also where the validity was made shorter.
        var nextUpdate = thisUpdate + (scope.IsDelta ? times.DeltaValidity!.Value : times.Validity);
        if (state.Last is { } last && last.NextUpdate > nextUpdate)
            nextUpdate = last.NextUpdate;

        // RFC 5280 §5.2.3: greater than every one before, also than those that a restored backup has forgotten: there are never more lists
        // than seconds, so the time is ahead of them (ADR 41).
        // Complete and delta CRLs are numbered in one sequence (§5.2.4).
        var numbers = new[] { state.Last?.Number ?? 0, state.Beside?.Number ?? 0, before.Held };
        var number = Math.Max(numbers.Max() + 1, thisUpdate.ToUnixTimeSeconds());
        var header = new CrlHeader(number, thisUpdate, nextUpdate) { Partition = scope.Partition };
        return scope.IsDelta
            ? await MakeDeltaAsync(scope.Issuer, header, state, cancellationToken)
            : await MakeCompleteAsync(scope, header, before, cancellationToken);
    }

    private async Task<PublishedCrl> MakeCompleteAsync(
        CrlScope scope, CrlHeader header, CrlBefore before, CancellationToken cancellationToken)
    {
        var thisUpdate = header.ThisUpdate;

        // RFC 5280 §3.3: an entry stays until it has stood in a CRL made after the certificate's end, also where none was made for long.
        var endsAfter = thisUpdate - times.Validity;
        if (before.State.Last is { } previous && previous.ThisUpdate < endsAfter)
            endsAfter = previous.ThisUpdate;
        var issuer = scope.Issuer;
        var entries = scope.Partition is { } url
            ? revocations.ListRevokedAsync(issuer.IssuerId, issuer.KeyId, url, endsAfter, cancellationToken)
            : revocations.ListRevokedAsync(issuer.IssuerId, issuer.KeyId, endsAfter, cancellationToken);
        if (scope.Partition is null && times.DeltaValidity is not null)
            header = header with { FreshestUrl = issuer.FreshestUrl };
        var crl = await issuer.Crls!.WriteAsync(header, entries, cancellationToken);
        return scope.Partition is null && thisUpdate > before.LastEnd ? crl with { LastOf = scope.Name } : crl;
    }

    // RFC 5280 §5.2.4: what changed since a complete list that was published. The base stays as long as it is valid; then the newest list
    // becomes the base, and who holds one in between fetches a complete list (ADR 43).
    private async Task<PublishedCrl> MakeDeltaAsync(
        IPublishesStatus issuer, CrlHeader header, CrlState state, CancellationToken cancellationToken)
    {
        var complete = state.Beside!;
        var isKept = state.Last?.Base is { } last && last.Number <= complete.Number
            && header.ThisUpdate >= last.ThisUpdate && header.ThisUpdate - last.ThisUpdate <= times.Validity;
        var since = isKept ? state.Last!.Base! : new CrlBase(complete.Number, complete.ThisUpdate);
        var entries = revocations.ListChangedAsync(
            issuer.IssuerId, issuer.KeyId, since.ThisUpdate - times.Commit, since.ThisUpdate - times.Validity, cancellationToken);
        return await issuer.Crls!.WriteAsync(header with { BaseNumber = since.Number }, entries, cancellationToken) with { Base = since };
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}

/// <summary>What came before a list that is made.</summary>
/// <param name="Held">Number of the list that is served here; 0: none.</param>
/// <param name="LastEnd">When the last certificate of a retired CA ends; of every other CA: never.</param>
internal sealed record CrlBefore(CrlState State, long Held, DateTimeOffset LastEnd);
