using System.Collections.Concurrent;
using System.Net;
using Certctl.Api.Rest.Access;

namespace Certctl.Api.Publication;

/// <summary>How many connections are open on the plain listener: of all addresses, and of each.</summary>
/// <param name="max">Of all.</param>
/// <param name="perAddress">Of one address (of IPv6: one /64); 0: they are not counted.</param>
internal sealed class ConnectionShares(int max, int perAddress)
{
    private readonly ConcurrentDictionary<string, int> _byAddress = new(StringComparer.Ordinal);
    private int _open;

    /// <summary>Takes a place; null: there is none. Disposing it gives it back.</summary>
    public IDisposable? TryEnter(EndPoint? from)
    {
        var key = RateLimits.KeyOf((from as IPEndPoint)?.Address);
        var mine = _byAddress.AddOrUpdate(key, 1, (_, open) => open + 1);
        var place = new Place(this, key);
        if (Interlocked.Increment(ref _open) <= max && (perAddress == 0 || mine <= perAddress))
            return place;
        place.Dispose();
        return null;
    }

    private void Leave(string key)
    {
        Interlocked.Decrement(ref _open);

        // An address without connections costs no memory. One that comes in between is counted in the value that is not zero then.
        if (_byAddress.AddOrUpdate(key, 0, (_, open) => open - 1) == 0)
            _byAddress.TryRemove(new KeyValuePair<string, int>(key, 0));
    }

    private sealed class Place(ConnectionShares shares, string key) : IDisposable
    {
        public void Dispose() => shares.Leave(key);
    }
}
