namespace Certctl.Api.Configuration;

/// <summary>How a SCEP profile judges signed challenges, as far as settings say it; the bundle is the preflight's.</summary>
/// <param name="BundlePath">PEM: the connectors' certificates.</param>
/// <param name="Audience">Null: not looked at.</param>
public sealed record IntuneOptions(string BundlePath, string? Audience, TimeSpan ChallengeValidity, TimeSpan ClockSkew, int PerDeviceLimit);

/// <summary>INTUNE_… and CHALLENGE_MODE of one SCEP profile.</summary>
internal static class IntuneReader
{
    private const string Enabled = "INTUNE_ENABLED";
    private const string Bundle = "INTUNE_CONNECTOR_CERT_PATH";
    private const string Mode = "CHALLENGE_MODE";
    private const int MostCertificates = 1000;

    private static readonly TimeSpan LeastValidity = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostValidity = TimeSpan.FromHours(24);

    /// <summary>The settings; null: signed challenges are not taken.</summary>
    public static IntuneOptions? Read(string prefix, SettingValues values)
    {
        var before = values.Problems.Count;
        if (!values.Boolean(prefix + Enabled, otherwise: false))
        {
            // An operator who has set one of them believes that signed challenges are judged.
            if (values.Problems.Count == before)
                values.Problems.AddRange(Idle(prefix, values).Select(name => $"{name} is set, and {prefix}{Enabled} is not true; set it, or take this away."));
            return null;
        }

        var validity = values.Duration(prefix + "INTUNE_CHALLENGE_VALIDITY", TimeSpan.FromMinutes(60), MostValidity, LeastValidity);
        var skew = values.Duration(prefix + "INTUNE_CLOCK_SKEW_TOLERANCE", TimeSpan.FromSeconds(60), MostValidity);
        if (skew >= validity)
            values.Problems.Add(
                $"{prefix}INTUNE_CLOCK_SKEW_TOLERANCE is not below {prefix}INTUNE_CHALLENGE_VALIDITY ({validity.TotalMinutes:0.##}m).");
        return new IntuneOptions(
            values.Required(prefix + Bundle, "the certificates of the connectors whose challenges are believed") ?? "",
            values.Text(prefix + "INTUNE_AUDIENCE"),
            validity,
            skew,
            values.Integer(prefix + "INTUNE_PER_DEVICE_RATE_LIMIT_24H", 3, 0, MostCertificates));
    }

    /// <summary>Which challenges the profile takes: both kinds once signed ones are taken, unless the mode says otherwise.</summary>
    public static ChallengeMode ReadMode(string prefix, bool intune, SettingValues values)
    {
        ChallengeMode? mode = values.Text(prefix + Mode)?.Trim().ToUpperInvariant() switch
        {
            null => intune ? ChallengeMode.Mixed : ChallengeMode.StaticOnly,
            "MIXED" => ChallengeMode.Mixed,
            "INTUNE-ONLY" => ChallengeMode.IntuneOnly,
            "STATIC-ONLY" => ChallengeMode.StaticOnly,
            _ => null,
        };
        if (mode is null)
            values.Reject(prefix + Mode, values.Text(prefix + Mode)!, "one of mixed, intune-only, static-only");
        else if ((mode != ChallengeMode.StaticOnly) != intune)
            values.Problems.Add($"{prefix}{Mode} is {values.Text(prefix + Mode)}, and {prefix}{Enabled} is {(intune ? "" : "not ")}true; change one of them.");
        return mode ?? ChallengeMode.StaticOnly;
    }

    private static IEnumerable<string> Idle(string prefix, SettingValues values) => KnownSettings.ScepProfile
        .Where(setting => setting.Name.StartsWith("INTUNE_", StringComparison.Ordinal) && setting.Name != Enabled && values.IsSet(prefix + setting.Name))
        .Select(setting => prefix + setting.Name);
}
