using System.Diagnostics.CodeAnalysis;

namespace Certctl.Api.Configuration.Access;

/// <summary>The web pages of others whose scripts may use the REST API. None unless named.</summary>
internal static class CorsSettings
{
    private static readonly SettingType<string> Origin = new(
        "an origin as browsers send it, such as https://portal.example.com (scheme, name, port where it is not the usual one; no path, "
        + "lower case)",
        "http(s) origin",
        ParseOrigin,
        origin => origin);

    public static readonly SettingGroup Group = new();

    public static readonly Setting<IReadOnlyList<string>> Origins = Group.Add(
        "CERTCTL_CORS_ORIGINS", SettingType.List(Origin),
        "Origins (`https://portal.example.com`) of web pages of others whose scripts may use the REST API. None unless named; "
            + "`*` is refused.");

    /// <param name="requiresKey">False: all who reach the API are its admins; then no page may.</param>
    public static IReadOnlyList<string> Read(SettingValues values, bool requiresKey)
    {
        var origins = values.Read(Origins) ?? [];
        if (values.IsSet(Origins) && !requiresKey)
        {
            values.Problems.Add(
                $"{Origins.Name} is set, and {ApiSettings.RequiresKey.Name} is none: pages of others would be admins. "
                + "Take one of them away.");
        }

        return origins;
    }

    // RFC 6454 §6.2; anything else would match no browser's header, silently.
    private static bool ParseOrigin(string text, ICollection<string> problems, [MaybeNullWhen(false)] out string value)
    {
        value = text;
        var isOrigin = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url.GetLeftPart(UriPartial.Authority) == text && url.UserInfo.Length == 0;
        if (text == "*")
            problems.Add(": * would let every page on the web use the API; name the origins.");
        else if (!isOrigin)
            problems.Add(SettingType.NotAUrl(text, Origin.ShouldBe));
        return isOrigin;
    }
}
