using System.Net;
using System.Threading.RateLimiting;
using Certctl.Api.Rest.Access;

namespace Certctl.Api.Publication;

/// <summary>How many OCSP requests one address may send in a minute: each may cost a signature.</summary>
/// <param name="perMinute">0: any number.</param>
internal sealed class OcspLimit(int perMinute) : IDisposable
{
    private readonly PartitionedRateLimiter<string>? _byAddress =
        perMinute == 0 ? null : RateLimits.Limiter(perMinute, TimeSpan.FromMinutes(1), perMinute);

    /// <summary>Until one more token is there.</summary>
    public int RetryAfterSeconds => (int)Math.Ceiling(60.0 / perMinute);

    public bool TryPass(IPAddress? address)
    {
        using var lease = _byAddress?.AttemptAcquire(RateLimits.KeyOf(address));
        return lease is not { IsAcquired: false };
    }

    public void Dispose() => _byAddress?.Dispose();
}
