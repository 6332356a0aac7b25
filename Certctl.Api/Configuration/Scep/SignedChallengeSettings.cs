namespace Certctl.Api.Configuration.Scep;

/// <summary>How a SCEP profile judges signed challenges, as far as settings say it; the bundle is the preflight's.</summary>
/// <param name="BundlePath">PEM: the connectors' certificates.</param>
/// <param name="Audience">Null: not looked at.</param>
public sealed record IntuneOptions(string BundlePath, string? Audience, TimeSpan ChallengeValidity, TimeSpan ClockSkew, int PerDeviceLimit);

/// <summary>Signed challenges of a SCEP profile, and which challenges it takes.</summary>
internal static class SignedChallengeSettings
{
    private static readonly TimeSpan MaxValidity = TimeSpan.FromHours(24);

    public static readonly SettingGroup Group = new(isOfProfile: true);

    public static readonly Setting<ChallengeMode> Mode = Group.Add(
        "CHALLENGE_MODE",
        SettingType.OneOf(
            ("mixed", ChallengeMode.Mixed), ("intune-only", ChallengeMode.IntuneOnly), ("static-only", ChallengeMode.StaticOnly)),
        "Which challenges are taken. Unless set, `mixed` with `INTUNE_ENABLED` and else `static-only` (docs/intune.md).");

    public static readonly DefaultedSetting<bool> Enabled =
        Group.Add("INTUNE_ENABLED", SettingType.Boolean, false, "Take signed challenges.");

    public static readonly Setting<string> BundlePath = Group.Add(
        "INTUNE_CONNECTOR_CERT_PATH", SettingType.Text,
        "Required with `INTUNE_ENABLED`. PEM: the certificates of the connectors whose challenges are believed. Read again on SIGHUP.");

    public static readonly Setting<string> Audience = Group.Add(
        "INTUNE_AUDIENCE", SettingType.Text,
        "What `aud` of a challenge must be, to the letter; not looked at where this is not set.");

    public static readonly DefaultedSetting<TimeSpan> Validity = Group.Add(
        "INTUNE_CHALLENGE_VALIDITY", SettingType.Duration(TimeSpan.FromMinutes(1), MaxValidity), TimeSpan.FromMinutes(60),
        "How old a challenge may be.");

    public static readonly DefaultedSetting<TimeSpan> ClockSkew = Group.Add(
        "INTUNE_CLOCK_SKEW_TOLERANCE", SettingType.Duration(TimeSpan.Zero, MaxValidity), TimeSpan.FromSeconds(60),
        "How far the connector's clock may be off; below the validity.");

    public static readonly DefaultedSetting<int> PerDeviceLimit = Group.Add(
        "INTUNE_PER_DEVICE_RATE_LIMIT_24H", SettingType.Integer(0, 1000), 3,
        "Certificates for one device in any 24 hours; 0: any number.");

    /// <summary>Null: signed challenges are not taken.</summary>
    public static IntuneOptions? Read(SettingValues values)
    {
        var before = values.Problems.Count;
        if (!values.Read(Enabled))
        {
            // An operator who has set one of them believes that signed challenges are judged.
            if (values.Problems.Count == before)
            {
                values.Problems.AddRange(Idle(values).Select(
                    setting => $"{values.NameOf(setting)} is set, and {values.NameOf(Enabled)} is not true; set it, or take this away."));
            }

            return null;
        }

        var (validity, skew) = (values.Read(Validity), values.Read(ClockSkew));
        if (skew >= validity)
            values.Problems.Add($"{values.NameOf(ClockSkew)} is not below {values.NameOf(Validity)} ({validity.TotalMinutes:0.##}m).");
        return new IntuneOptions(
            values.Required(BundlePath, "the certificates of the connectors whose challenges are believed"),
            values.Read(Audience),
            validity,
            skew,
            values.Read(PerDeviceLimit));
    }

    /// <summary>Both kinds once signed ones are taken, unless the mode says otherwise.</summary>
    public static ChallengeMode ReadMode(bool intune, SettingValues values)
    {
        if (!values.IsSet(Mode))
            return intune ? ChallengeMode.Mixed : ChallengeMode.StaticOnly;
        if (!values.TryRead(Mode, out var mode))
            return ChallengeMode.StaticOnly;
        if ((mode != ChallengeMode.StaticOnly) != intune)
        {
            values.Problems.Add(
                $"{values.NameOf(Mode)} is {Mode.Type.Format(mode)}, and {values.NameOf(Enabled)} is {(intune ? "" : "not ")}true; "
                + "change one of them.");
        }

        return mode;
    }

    private static IEnumerable<Setting> Idle(SettingValues values) =>
        Group.Settings.Where(setting => setting != Enabled && setting != Mode && values.IsSet(setting));
}
