using System.Net;
using System.Net.Sockets;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est.Access;

/// <summary>
/// How many wrong passwords each address has sent in the last hour. Right ones are never counted. Of this process alone: what it slows down
/// is guessing, and each replica does so.
/// </summary>
public sealed class WrongPasswords(TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Addresses that are remembered; beyond, the oldest window is forgotten.</summary>
    private const int MaxSources = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string PathId, string Source), (DateTimeOffset Since, int Count)> _sources = [];

    /// <summary>When the address may try again; null: now.</summary>
    /// <param name="limit">0: any number.</param>
    public DateTimeOffset? BlockedUntil(string pathId, string? address, int limit)
    {
        if (limit == 0)
            return null;
        lock (_lock)
        {
            return _sources.TryGetValue((pathId, SourceOf(address)), out var seen) && seen.Count >= limit
                && clock.GetUtcNow() < seen.Since + Window
                    ? seen.Since + Window
                    : null;
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
        var (key, now) = ((pathId, SourceOf(address)), clock.GetUtcNow());
        lock (_lock)
        {
            var seen = _sources.TryGetValue(key, out var known) && now < known.Since + Window ? known : (Since: now, Count: 0);
            _sources[key] = (seen.Since, seen.Count + 1);
            if (_sources.Count > MaxSources)
                Forget(now);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var ended in _sources.Where(source => now >= source.Value.Since + Window).Select(source => source.Key).ToList())
            _sources.Remove(ended);
        if (_sources.Count > MaxSources)
            _sources.Remove(_sources.MinBy(source => source.Value.Since).Key);
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
