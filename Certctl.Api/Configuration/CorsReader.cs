namespace Certctl.Api.Configuration;

/// <summary>CERTCTL_CORS_ORIGINS: the web pages of others whose scripts may use the REST API. None unless named.</summary>
internal static class CorsReader
{
    private const string Name = "CERTCTL_CORS_ORIGINS";

    /// <param name="requiresKey">False: all who reach the API are its admins; then no page may.</param>
    public static IReadOnlyList<string> Read(SettingValues values, bool requiresKey)
    {
        var origins = values.List(Name);
        foreach (var origin in origins)
        {
            if (origin == "*")
                values.Problems.Add($"{Name}: * would let every page on the web use the API; name the origins.");
            else if (!IsOrigin(origin))
                values.RejectUrl(Name, origin, "an origin as browsers send it, such as https://portal.example.com (scheme, name, port where it is not the usual one; no path, lower case)");
        }

        if (origins.Count > 0 && !requiresKey)
            values.Problems.Add($"{Name} is set, and CERTCTL_AUTH_TYPE is none: pages of others would be admins. Take one of them away.");
        return origins;
    }

    // RFC 6454 §6.2; anything else would match no browser's header, silently.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https") && url.GetLeftPart(UriPartial.Authority) == text && url.UserInfo.Length == 0;
}
