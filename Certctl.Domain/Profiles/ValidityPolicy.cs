namespace Certctl.Domain.Profiles;

/// <summary>How long a certificate may live.</summary>
internal static class ValidityPolicy
{
    /// <summary>Below this a certificate is short-lived: it runs out before its revocation could be published.</summary>
    public const int ShortLivedSeconds = 3600;

    public static TimeSpan Shorter(TimeSpan defaultValidity, int maxTtlSeconds)
    {
        var cap = TimeSpan.FromSeconds(maxTtlSeconds);
        return maxTtlSeconds > 0 && cap < defaultValidity ? cap : defaultValidity;
    }
}
