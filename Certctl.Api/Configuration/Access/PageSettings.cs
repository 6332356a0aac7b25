namespace Certctl.Api.Configuration.Access;

/// <summary>The operator's pages.</summary>
internal static class PageSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add(
        "CERTCTL_UI_ENABLED", SettingType.Boolean, true,
        "Serve the operator's pages at `/ui`, and send a browser that opens `/` or `/scep` there.");
}
