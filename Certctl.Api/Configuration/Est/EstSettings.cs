namespace Certctl.Api.Configuration.Est;

/// <summary>Whether EST is served, and under which labels. The settings of each are in <see cref="EstProfileSettings"/>.</summary>
internal static class EstSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add("CERTCTL_EST_ENABLED", SettingType.Boolean, false, "Serve EST.");

    public static readonly Setting<IReadOnlyList<string>> Profiles = Group.Add(
        "CERTCTL_EST_PROFILES", SettingType.List(SettingType.Text),
        "Labels: `corp,iot` serves `/.well-known/est/corp/…` and `/.well-known/est/iot/…` from `CERTCTL_EST_PROFILE_CORP_…` and so on. "
        + "The flat form then has no effect.");

    public static readonly DefaultedSetting<int> KeyGenerations = Group.Add(
        "CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", SettingType.Integer(1, 64), 2,
        "How many keys are made at once where `SERVERKEYGEN_ENABLED` is `true`; each takes a processor for up to seconds. A request that "
        + "waits longer than 10 s for its turn is answered with 503.");
}
