namespace Certctl.Api.Configuration.Scep;

/// <summary>Whether SCEP is served, and under which names. The settings of each are in <see cref="ScepProfileSettings"/>.</summary>
internal static class ScepSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add("CERTCTL_SCEP_ENABLED", SettingType.Boolean, false, "Serve SCEP.");

    public static readonly Setting<IReadOnlyList<string>> Profiles = Group.Add(
        "CERTCTL_SCEP_PROFILES", SettingType.List(SettingType.Text),
        "Names: `corp,iot` serves `/scep/corp` and `/scep/iot` from `CERTCTL_SCEP_PROFILE_CORP_…` and so on. The flat form then has no "
        + "effect.");
}
