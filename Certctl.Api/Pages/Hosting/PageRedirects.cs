using Certctl.Api.Scep;

namespace Certctl.Api.Pages.Hosting;

/// <summary>
/// Sends a browser that opens the server, a SCEP URL or the API reference to the page. Each target is relative, so that it is right
/// behind any path that a proxy puts in front.
/// </summary>
internal static class PageRedirects
{
    private const string Html = "text/html";

    /// <summary>Null: the request is none of a browser that looks for a page. A device names an operation, or sends POST.</summary>
    public static string? TargetOf(HttpRequest request)
    {
        if (!HttpMethods.IsGet(request.Method) || PageOf(request.Path.Value) is not { } page)
            return null;
        return request.Headers.Accept.ToString().Contains(Html, StringComparison.OrdinalIgnoreCase)
            && ScepQuery.Operation(request.QueryString.Value) is null
            ? page
            : null;
    }

    private static string? PageOf(string? path) => path switch
    {
        "/" => "ui/",
        "/ui" => "ui/",
        "/scep" => "ui/scep",
        "/scep/" => "../ui/scep",
        "/openapi/reference" => "../ui/reference/",
        "/openapi/reference/" => "../../ui/reference/",
        "/scep/intune" => "../ui/scep?tab=intune",
        "/scep/intune/" => "../../ui/scep?tab=intune",
        _ => null,
    };
}

/// <summary>Puts the pages into the server's pipeline.</summary>
internal static class PagesPipeline
{
    /// <param name="registered">The server's services.</param>
    /// <param name="key">Encrypts the keys of sessions.</param>
    public static void UsePages(this WebApplication app, IServiceCollection registered, Func<PagesKey> key)
    {
        app.Use((http, next) =>
        {
            if (PageRedirects.TargetOf(http.Request) is not { } page)
                return next(http);
            http.Response.Headers.Vary = "Accept";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers.Location = page;
            http.Response.StatusCode = StatusCodes.Status302Found;
            return Task.CompletedTask;
        });
        var pages = new PagesBranch(app.Services, registered, key);
        app.Map(new PathString(PagesBranch.Root), branch => branch.Run(pages.InvokeAsync));
    }
}
