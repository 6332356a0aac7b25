using Certctl.Api.Hosting.Http;
using Certctl.Api.Rest.Http;

namespace Certctl.Api.Publication;

/// <summary>Sends a file to one client, conditionally (RFC 9110 §13), in pieces, at the client's pace within bounds.</summary>
internal static class PublishedFileSender
{
    /// <summary>So long a client may go on with a file that is current no more, before it takes room that is limited.</summary>
    private static readonly TimeSpan Outdated = TimeSpan.FromMinutes(2);

    /// <param name="longest">Bound of max-age.</param>
    /// <param name="isCurrent">Asked while it is sent: whether it is what another client would get.</param>
    public static async Task SendAsync(
        HttpContext http, PublishedFile file, TimeSpan longest, PublicationServices services, Func<bool> isCurrent)
    {
        var clock = services.Clock;

        // RFC 9110 §14.2: Range is ignored, since nothing here says Accept-Ranges.
        file.Terms.Write(http.Response, clock.GetUtcNow(), longest);
        if (file.Terms.IsHeldBy(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = file.ContentType;
        http.Response.ContentLength = file.Length;
        if (HttpManners.IsHead(http) || HttpMethods.IsHead(http.Request.Method))
            return;
        var start = clock.GetTimestamp();
        var isHeld = false;
        try
        {
            var isWhole = await WriteAsync(http, file, new ReaderPace(clock), () =>
                isHeld || clock.GetElapsedTime(start) <= Outdated || isCurrent() || (isHeld = services.Outdated.TryHold(file)));

            // Cut off, so that it is not taken for complete.
            if (!isWhole)
                http.Abort();
        }
        finally
        {
            if (isHeld)
                services.Outdated.Release(file);
        }
    }

    /// <param name="mayGoOn">Asked after each piece.</param>
    /// <returns>Whether all of it was sent.</returns>
    private static async Task<bool> WriteAsync(HttpContext http, PublishedFile file, ReaderPace pace, Func<bool> mayGoOn)
    {
        foreach (var piece in file.Pieces)
        {
            var fault = await pace.WriteAsync(
                async end => await http.Response.Body.WriteAsync(piece, end), piece.Length, http.RequestAborted);
            if (fault is not null || !mayGoOn())
                return false;
        }

        return true;
    }
}
