using Certctl.Domain.Enrolments;

namespace Certctl.Domain.Profiles;

/// <summary>How long a certificate lives, and how long before the request its life begins.</summary>
internal static class ValidityPolicy
{
    /// <summary>Below this a certificate is short-lived: it runs out before its revocation could be published.</summary>
    public const int ShortLivedSeconds = 3600;

    // A tenth of a life is spent on back-dating, and what is left has to last until the device has its reply.
    private const int MinSeconds = 60;

    // Device clocks run late: a certificate that begins at the instant of the request would not be valid yet for them.
    private static readonly TimeSpan MaxBackDating = TimeSpan.FromMinutes(5);

    public static TimeSpan Shorter(TimeSpan defaultValidity, int maxTtlSeconds)
    {
        var cap = TimeSpan.FromSeconds(maxTtlSeconds);
        return maxTtlSeconds > 0 && cap < defaultValidity ? cap : defaultValidity;
    }

    /// <summary>Why a wish cannot be granted, or null. A longer life than the profile's is no defect: it gets the profile's.</summary>
    public static string? FindDefect(RequestedValidity? wish, DateTimeOffset now, bool allowShortLived)
    {
        if (wish is null)
            return null;
        var life = wish.EndFrom(now) - now;
        if (life <= TimeSpan.Zero)
            return $"the request asks for an end at {wish.End:O}, which is past";
        if (life.TotalSeconds < MinSeconds)
            return $"the request asks for a life of {(long)life.TotalSeconds} seconds; {MinSeconds} is the least";
        return life.TotalSeconds < ShortLivedSeconds && !allowShortLived
            ? $"the request asks for a life of {(long)life.TotalSeconds} seconds; under an hour needs allow_short_lived"
            : null;
    }

    /// <summary>
    /// notBefore and notAfter in whole seconds. RFC 5280 §4.1.2.5: the validity period is what lies between the two, so a limit counts
    /// from notBefore and back-dating takes from it: five minutes, and of a life under 50 minutes a tenth, which leaves a certificate of
    /// one minute 54 seconds.
    /// </summary>
    public static (DateTimeOffset NotBefore, DateTimeOffset NotAfter) Period(DateTimeOffset now, TimeSpan limit, RequestedValidity? wish)
    {
        var life = wish is not null && wish.EndFrom(now) - now is var wished && wished < limit ? wished : limit;
        var notBefore = WholeSeconds(now - (life / 10 < MaxBackDating ? life / 10 : MaxBackDating));
        var notAfter = notBefore + life;

        // Who asks for an end by date means that date, as far as the limit reaches.
        if (wish?.End is { } end && end == wish.EndFrom(now) && end > notAfter)
            notAfter = end < notBefore + limit ? end : notBefore + limit;
        return (notBefore, WholeSeconds(notAfter));
    }

    // RFC 5280 §4.1.2.5: times have no fractions.
    private static DateTimeOffset WholeSeconds(DateTimeOffset time) =>
        time.ToUniversalTime().AddTicks(-(time.UtcTicks % TimeSpan.TicksPerSecond));
}
