namespace Certctl.Api.Configuration;

/// <summary>How fast one may ask the REST API, <c>/openapi</c> and <c>/metrics</c>.</summary>
/// <param name="PerSecond">Requests a second from one address, before it is known who asks.</param>
/// <param name="Burst">And so many at once.</param>
/// <param name="PerSecondOfUser">Requests a second of one actor.</param>
/// <param name="BurstOfUser">And so many at once.</param>
public sealed record RateLimitOptions(int PerSecond, int Burst, int PerSecondOfUser, int BurstOfUser);

/// <summary>CERTCTL_RATE_LIMIT_….</summary>
internal static class RateLimitReader
{
    private const string Enabled = "CERTCTL_RATE_LIMIT_ENABLED";
    private const string PerSecond = "CERTCTL_RATE_LIMIT_RPS";
    private const string Burst = "CERTCTL_RATE_LIMIT_BURST";
    private const string PerSecondOfUser = "CERTCTL_RATE_LIMIT_PER_USER_RPS";
    private const string BurstOfUser = "CERTCTL_RATE_LIMIT_PER_USER_BURST";
    private const int Most = 100_000;

    /// <summary>Null: requests are not counted.</summary>
    public static RateLimitOptions? Read(SettingValues values)
    {
        var enabled = values.Boolean(Enabled, true);
        var perSecond = values.Integer(PerSecond, 50, 1, Most);
        var burst = values.Integer(Burst, 100, 1, Most);
        var perSecondOfUser = values.Integer(PerSecondOfUser, 0, 0, Most);
        var burstOfUser = values.Integer(BurstOfUser, 0, 0, Most);
        if (enabled)
            return new RateLimitOptions(perSecond, burst, perSecondOfUser == 0 ? perSecond : perSecondOfUser, burstOfUser == 0 ? burst : burstOfUser);
        values.Warnings.Add($"{Enabled} is false: all who reach the REST API may try keys as fast as they like.");
        return null;
    }
}
