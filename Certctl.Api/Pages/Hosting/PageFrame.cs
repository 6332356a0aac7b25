using System.Text.RegularExpressions;

namespace Certctl.Api.Pages.Hosting;

/// <summary>What surrounds each request for a page: its headers, and the path that a proxy put in front.</summary>
internal static partial class PageFrame
{
    private const string ForwardedPrefix = "X-Forwarded-Prefix";

    // Blazor and MudBlazor write styles into elements; they write no scripts, and evaluate none.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void UsePageFrame(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.OnStarting(() =>
        {
            // Styles and scripts say themselves how long they may be kept.
            if (http.Response.Headers.CacheControl.Count == 0)
                http.Response.Headers.CacheControl = "no-cache, no-store";
            return Task.CompletedTask;
        });

        // What is told of a path changes the links of this one answer alone, which no cache keeps.
        if (http.Request.Headers[ForwardedPrefix].ToString() is { Length: > 0 } prefix && Prefix().IsMatch(prefix))
            http.Request.PathBase = new PathString(prefix) + http.Request.PathBase;
        return next(http);
    });

    [GeneratedRegex(@"^(/[A-Za-z0-9._~-]+)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();
}
