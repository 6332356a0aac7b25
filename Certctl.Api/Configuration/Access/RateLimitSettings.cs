namespace Certctl.Api.Configuration.Access;

/// <summary>How fast one may ask the REST API, <c>/openapi</c> and <c>/metrics</c>.</summary>
/// <param name="PerSecond">Requests a second from one address, before it is known who asks.</param>
/// <param name="Burst">And so many at once.</param>
/// <param name="PerSecondOfUser">Requests a second of one actor.</param>
/// <param name="BurstOfUser">And so many at once.</param>
public sealed record RateLimitOptions(int PerSecond, int Burst, int PerSecondOfUser, int BurstOfUser);

/// <summary>Bounds on the REST API; devices are not counted.</summary>
internal static class RateLimitSettings
{
    private const int Max = 100_000;

    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add(
        "CERTCTL_RATE_LIMIT_ENABLED", SettingType.Boolean, true,
        "Bound how fast one may ask the REST API, `/openapi` and `/metrics`; beyond: 429 with Retry-After. Each process counts for "
        + "itself. Devices are not counted here.");

    public static readonly DefaultedSetting<int> PerSecond = Group.Add(
        "CERTCTL_RATE_LIMIT_RPS", SettingType.Integer(1, Max), 50,
        "Requests a second from one address (of IPv6: one /64), before it is known who asks.");

    public static readonly DefaultedSetting<int> Burst =
        Group.Add("CERTCTL_RATE_LIMIT_BURST", SettingType.Integer(1, Max), 100, "So many of them at once.");

    public static readonly DefaultedSetting<int> PerSecondOfUser = Group.Add(
        "CERTCTL_RATE_LIMIT_PER_USER_RPS", SettingType.Integer(0, Max), 0,
        "Requests a second of one actor; 0: as `CERTCTL_RATE_LIMIT_RPS`.");

    public static readonly DefaultedSetting<int> BurstOfUser = Group.Add(
        "CERTCTL_RATE_LIMIT_PER_USER_BURST", SettingType.Integer(0, Max), 0,
        "So many of them at once; 0: as `CERTCTL_RATE_LIMIT_BURST`.");

    /// <summary>Null: requests are not counted.</summary>
    public static RateLimitOptions? Read(SettingValues values)
    {
        var (perSecond, burst) = (values.Read(PerSecond), values.Read(Burst));
        var (perSecondOfUser, burstOfUser) = (values.Read(PerSecondOfUser), values.Read(BurstOfUser));
        if (values.Read(Enabled))
        {
            return new RateLimitOptions(
                perSecond, burst, perSecondOfUser == 0 ? perSecond : perSecondOfUser, burstOfUser == 0 ? burst : burstOfUser);
        }

        values.Warnings.Add($"{Enabled.Name} is false: all who reach the REST API may try keys as fast as they like.");
        return null;
    }
}
