using System.Net;
using System.Net.Sockets;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>
/// How many wrong passwords each address has sent in the hour since its first one. Right ones are never counted. Of this process alone:
/// what it slows down is guessing, and each replica does so.
/// </summary>
public sealed class WrongPasswords(TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>
    /// Addresses that are remembered. While there are as many, further ones count as one: none is forgotten before its hour is over, so
    /// requests from many addresses free no other.
    /// </summary>
    public const int MaxSources = 50_000;

    private const string Others = "others";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string PathId, string Source), (DateTimeOffset Since, int Count)> _sources = [];

    // In the order in which their hours end.
    private readonly Queue<(string PathId, string Source)> _order = [];

    /// <summary>When the address may try again; null: now.</summary>
    /// <param name="limit">0: any number.</param>
    public DateTimeOffset? BlockedUntil(string pathId, string? address, int limit)
    {
        if (limit == 0)
            return null;
        lock (_lock)
        {
            return _sources.TryGetValue(KeyOf(pathId, address), out var seen) && seen.Count >= limit ? seen.Since + Window : null;
        }
    }

    /// <summary>The refusal of an address that has sent too many; null: it may try.</summary>
    public EnrolmentFailure? FindBlock(string pathId, string? address, int limit) => BlockedUntil(pathId, address, limit) is { } until
        ? new EnrolmentFailure(FailureReason.TooManyWrongPasswords, $"{limit} wrong passwords in an hour; blocked until {until:O}")
        {
            AllowedFrom = until,
        }
        : null;

    public void Count(string pathId, string? address)
    {
        lock (_lock)
        {
            var key = KeyOf(pathId, address);
            if (!_sources.TryGetValue(key, out var seen))
            {
                seen = (clock.GetUtcNow(), 0);
                _order.Enqueue(key);
            }

            _sources[key] = (seen.Since, seen.Count + 1);
        }
    }

    private (string PathId, string Source) KeyOf(string pathId, string? address)
    {
        var now = clock.GetUtcNow();
        while (_order.TryPeek(out var oldest) && now >= _sources[oldest].Since + Window)
            _sources.Remove(_order.Dequeue());
        var key = (pathId, SourceOf(address));
        return _sources.Count < MaxSources || _sources.ContainsKey(key) ? key : (pathId, Others);
    }

    // A host of IPv6 has the 2^64 addresses of its network at hand.
    private static string SourceOf(string? address)
    {
        if (!IPAddress.TryParse(address, out var parsed))
            return "";
        if (parsed.IsIPv4MappedToIPv6)
            return parsed.MapToIPv4().ToString();
        return parsed.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(parsed.GetAddressBytes(), 0, 8)
            : parsed.ToString();
    }
}
