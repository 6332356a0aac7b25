using Certctl.Api.Est;
using Certctl.Application.Publication;

namespace Certctl.Api.Hosting.Http;

/// <summary>HTTP that routing does not do by itself: HEAD wherever GET is, and repeated slashes in the URLs of devices.</summary>
internal static class HttpManners
{
    private const string Get = "GET";
    private const string GetAndHead = "GET, HEAD";

    // The paths that devices and relying parties ask for; what stands in front of them often ends with a slash already.
    private static readonly PathString[] DeviceRoots =
    [
        "/scep", "/scep-mtls", "/cgi-bin/pkiclient.exe", "/certsrv/mscep/mscep.dll", StatusUrls.Root, EstEndpoints.Root,
        EstEndpoints.MtlsRoot,
    ];

    private static readonly object HeadKey = new();

    /// <summary>
    /// RFC 9110 §9.3.2: HEAD is GET without the content. What an endpoint writes goes nowhere; endpoints that would do work for it alone
    /// ask <see cref="IsHead"/>.
    /// </summary>
    public static void UseHttpManners(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Items[HeadKey] = true;
            http.Request.Method = HttpMethods.Get;

            // Over HTTP/2 the server lets through what is written by the PipeWriter, as JSON is;
            // clients take DATA after HEAD for a protocol error.
            http.Response.Body = Stream.Null;
        }

        if (http.Request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
            Collapse(http.Request, path);
        return next(http);
    });

    /// <summary>RFC 9110 §10.2.1: Allow names HEAD beside GET. Routing knows of GET alone.</summary>
    public static void UseAllowHead(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response.StatusCode != StatusCodes.Status405MethodNotAllowed || http.Response.HasStarted)
            return;
        var methods = http.Response.Headers.Allow.ToString().Split(',', StringSplitOptions.TrimEntries);
        if (methods.Contains(Get) && !methods.Contains(HttpMethods.Head) && !IsHead(http))
            http.Response.Headers.Allow = string.Join(", ", methods.Select(method => method == Get ? GetAndHead : method));
    });

    /// <summary>The client sent HEAD, which endpoints see as GET.</summary>
    public static bool IsHead(HttpContext http) => http.Items.ContainsKey(HeadKey);

    /// <summary>As the client sent it.</summary>
    public static string MethodOf(HttpContext http) => IsHead(http) ? HttpMethods.Head : http.Request.Method;

    private static void Collapse(HttpRequest request, string path)
    {
        var single = new PathString("/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries)));
        if (Array.Exists(DeviceRoots, root => single.StartsWithSegments(root)))
            request.Path = single;
    }
}
