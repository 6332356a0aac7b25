using Certctl.Application.Publication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Certctl.Api.Publication;

/// <summary>A feature of connections that came in on the plain listener.</summary>
internal sealed class PlainConnection
{
    public static readonly PlainConnection Instance = new();

    private PlainConnection()
    {
    }
}

/// <summary>
/// The listener without TLS (ADR 40). Its requests never reach the routes: they are answered at the front of the pipeline, by the one
/// handler of publication, whatever their target looks like.
/// </summary>
internal static class PublicationPort
{
    // Kestrel's limits are of all listeners; these are of this one, in octets.
    private const int MaxTarget = 8 * 1024;
    private const int MaxHeaders = 16 * 1024;
    private const int MaxBody = 64 * 1024;

    /// <summary>A part of what the server takes (<see cref="Hosting.Http.HttpLimits.Connections"/>): devices have the others.</summary>
    private const int MaxConnections = 2_000;

    /// <summary>HTTP/1.1 alone, and each connection marked.</summary>
    /// <param name="perAddress">Open connections of one address; 0: they are not counted.</param>
    public static void UsePublicationOnly(this ListenOptions listen, int perAddress, int maxConnections = MaxConnections)
    {
        var shares = new ConnectionShares(maxConnections, perAddress);
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => async connection =>
        {
            // What is too much is closed without a word.
            using var place = shares.TryEnter(connection.RemoteEndPoint);
            if (place is null)
                return;
            connection.Features.Set(PlainConnection.Instance);
            await next(connection);
        });
    }

    /// <summary>Stands directly behind the frame, in front of everything else.</summary>
    public static void UsePublicationPort(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Features.Get<PlainConnection>() is null
            ? next(http)
            : ServeAsync(http, http.RequestServices.GetRequiredService<PublicationServices>()));

    private static Task ServeAsync(HttpContext http, PublicationServices services)
    {
        // The path as Kestrel reads it, and the target as it was sent: both must be below the root.
        if (!http.Request.Path.StartsWithSegments(StatusUrls.Root))
            return PublicationEndpoints.NotFound(http);
        if (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > MaxTarget)
            return PublicationEndpoints.SayAsync(http, StatusCodes.Status414UriTooLong, "The request target is too long.");
        if (http.Request.Headers.Sum(header => header.Key.Length + header.Value.ToString().Length) > MaxHeaders)
            return PublicationEndpoints.SayAsync(
                http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "The request headers are too large.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = MaxBody;
        return PublicationEndpoints.ServeAsync(http, services);
    }
}
