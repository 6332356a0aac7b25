using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Certctl.Api.Configuration.Access;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// How fast one may ask: by address before it is known who asks, by actor afterwards. Token buckets of this process alone, in bounded
/// memory: many share one only where there are more of them than buckets. ADR 19.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private const string Message = "Rate limit exceeded";

    private const int Buckets = 16_384;

    private readonly PartitionedRateLimiter<string> _byAddress;
    private readonly PartitionedRateLimiter<string> _byActor;

    public RateLimits(RateLimitOptions options)
    {
        _byAddress = Limiter(options.PerSecond, TimeSpan.FromSeconds(1), options.Burst);
        _byActor = Limiter(options.PerSecondOfUser, TimeSpan.FromSeconds(1), options.BurstOfUser);
    }

    public Task ByAddressAsync(HttpContext http, RequestDelegate next) =>
        PassAsync(_byAddress, KeyOf(http.Connection.RemoteIpAddress), http, next);

    /// <summary>Unauthenticated requests have been counted by address already.</summary>
    public Task ByActorAsync(HttpContext http, RequestDelegate next) =>
        http.User.Identity is { IsAuthenticated: true, Name: { } name } ? PassAsync(_byActor, name, http, next) : next(http);

    public void Dispose()
    {
        _byAddress.Dispose();
        _byActor.Dispose();
    }

    /// <summary>Of IPv6 the network of 64 bits: a host has all addresses in it.</summary>
    internal static string KeyOf(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };

    private static async Task PassAsync(PartitionedRateLimiter<string> limiter, string key, HttpContext http, RequestDelegate next)
    {
        using var lease = limiter.AttemptAcquire(key);
        if (lease.IsAcquired)
        {
            await next(http);
            return;
        }

        var after = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.Zero;
        http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await http.RequestServices.GetRequiredService<AccessTrail>().RefuseAsync(http, StatusCodes.Status429TooManyRequests, Message);
    }

    // String hashes are seeded per process, so a caller cannot choose whose bucket to share.
    internal static PartitionedRateLimiter<string> Limiter(int tokens, TimeSpan period, int burst)
    {
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = period,
            QueueLimit = 0,
        };
        return PartitionedRateLimiter.Create<string, int>(key =>
            RateLimitPartition.GetTokenBucketLimiter((int)((uint)key.GetHashCode(StringComparison.Ordinal) % Buckets), _ => bucket));
    }
}
