using System.Text;
using Certctl.Application.Enrolments;

namespace Certctl.Api.Hosting.Http;

/// <summary>Answers to devices, as the simplest of them can read: with a Content-Length, and a text where something is wrong.</summary>
internal static class DeviceAnswer
{
    public static RequestOrigin OriginOf(HttpContext http) => new(http.Connection.RemoteIpAddress?.ToString(), http.TraceIdentifier);

    // With a Content-Length, never chunked: HTTP/1.0 clients and several embedded ones cannot read chunks.
    public static async Task Send(HttpContext http, string contentType, ReadOnlyMemory<byte> body)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    public static Task Say(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        return Send(http, "text/plain", Encoding.ASCII.GetBytes(text + "\n"));
    }

    public static Task NotAllowed(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return Say(http, StatusCodes.Status405MethodNotAllowed, "Method not allowed.");
    }
}
