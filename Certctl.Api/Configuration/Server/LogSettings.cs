namespace Certctl.Api.Configuration.Server;

/// <param name="Level">Least level written.</param>
/// <param name="Json">True: JSON lines; false: human-readable text.</param>
/// <param name="JsonIsAskedFor">CERTCTL_LOG_FORMAT says json: then the sentences of a start that fails are JSON lines too.</param>
public sealed record LogOptions(LogLevel Level, bool Json, bool JsonIsAskedFor = false);

/// <summary>What is logged, and how.</summary>
internal static class LogSettings
{
    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<LogLevel> Level = Group.Add(
        "CERTCTL_LOG_LEVEL",
        SettingType.OneOf(
            ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error)),
        LogLevel.Information, "The lowest level that is logged.");

    public static readonly DefaultedSetting<bool> Json =
        Group.Add("CERTCTL_LOG_FORMAT", SettingType.OneOf(("json", true), ("text", false)), true, "Logs go to standard error.");

    public static LogOptions Read(SettingValues values)
    {
        var isGiven = values.TryRead(Json, out var json);
        return new LogOptions(values.Read(Level), isGiven ? json : Json.Default, JsonIsAskedFor: isGiven && json);
    }
}
