namespace Certctl.Api.Configuration.Access;

/// <summary>The operator's pages.</summary>
internal static class PageSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> Enabled = Group.Add(
        "CERTCTL_UI_ENABLED", SettingType.Boolean, true,
        "Serve the operator's pages at `/ui`, and send a browser that opens `/` or `/scep` there.");

    public static bool Read(SettingValues values)
    {
        var serves = values.Read(Enabled);
        if (!serves && values.IsSet(OidcSettings.ClientId))
            values.Warnings.Add($"{OidcSettings.ClientId.Name} has no effect: {Enabled.Name} is false.");
        return serves;
    }
}
