using Certctl.Api.Hosting.Http;
using Certctl.Api.Rest.Http;

namespace Certctl.Api.Publication;

/// <summary>Sends a file to one client, conditionally (RFC 9110 §13), in pieces, at the client's pace within bounds.</summary>
internal static class PublishedFileSender
{
    /// <summary>So long a client may go on with a file that is current no more: each one that is being sent is memory.</summary>
    private static readonly TimeSpan Outdated = TimeSpan.FromMinutes(2);

    /// <param name="longest">Bound of max-age.</param>
    /// <param name="isCurrent">Asked while it is sent: whether it is what another client would get.</param>
    public static async Task SendAsync(
        HttpContext http, PublishedFile file, TimeSpan longest, TimeProvider clock, Func<bool> isCurrent)
    {
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
        var pace = new ReaderPace(clock);
        var start = clock.GetTimestamp();
        foreach (var piece in file.Pieces)
        {
            var fault = await pace.WriteAsync(
                async end => await http.Response.Body.WriteAsync(piece, end), piece.Length, http.RequestAborted);
            if (fault is not null || (clock.GetElapsedTime(start) > Outdated && !isCurrent()))
            {
                // Cut off, so that it is not taken for complete.
                http.Abort();
                return;
            }
        }
    }
}
