using System.Collections.Concurrent;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication;

/// <summary>When the lists of retired CAs end (RFC 5280 §3.3).</summary>
internal sealed class RetiredLists(IRevocationStore revocations, TimeProvider process, CrlTimes times)
{
    // Read again now and then: another process may have issued under such a CA while a rollover went on.
    private readonly ConcurrentDictionary<(string IssuerId, string KeyId), (DateTimeOffset End, long ReadAt)> _lastEnds = new();
    private readonly ConcurrentDictionary<(string IssuerId, string Key), bool> _ended = new();

    /// <summary>Whether a retired CA signs no further list: it cannot, or one was made after the end of its last certificate.</summary>
    public async Task<bool> IsOverAsync(CrlScope scope, CrlState state, CancellationToken cancellationToken) => scope.Issuer.IsRetired
        && (scope.Issuer.Crls is null
            || (state.Last is { } last && last.ThisUpdate > await LastEndAsync(scope.Issuer, cancellationToken)));

    /// <summary>When the last certificate of a retired CA ends; of every other CA: never.</summary>
    public async Task<DateTimeOffset> LastEndAsync(IPublishesStatus issuer, CancellationToken cancellationToken)
    {
        if (!issuer.IsRetired)
            return DateTimeOffset.MaxValue;
        var key = (issuer.IssuerId, issuer.KeyId);
        if (_lastEnds.TryGetValue(key, out var known) && process.GetElapsedTime(known.ReadAt) < times.LastEndKept)
            return known.End;
        var end = await revocations.FindLastEndAsync(issuer.KeyId, cancellationToken) ?? DateTimeOffset.MinValue;
        _lastEnds[key] = (end, process.GetTimestamp());
        return end;
    }

    /// <summary>Its last list has lapsed.</summary>
    public bool HasEnded((string IssuerId, string Key) list) => _ended.ContainsKey(list);

    public void Note((string IssuerId, string Key) list, bool hasEnded)
    {
        if (hasEnded)
            _ended[list] = true;
        else
            _ended.TryRemove(list, out _);
    }
}
