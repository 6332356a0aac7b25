using System.Data.Common;
using System.Net.Sockets;
using Certctl.Api.Rest;
using Certctl.Api.Rest.Http;
using Certctl.Infrastructure.Persistence.Availability;
using Microsoft.AspNetCore.Connections;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// What surrounds every request: an id, the headers of a careful server, and the one place where an accident becomes an answer. Accidents
/// say nothing of the inside: 503 with Retry-After when the database or an issuer failed, else 500, without a body outside the REST API. A CertRep
/// FAILURE would be a decision; this is none.
/// </summary>
internal sealed partial class RequestFrame(RequestDelegate next, ILogger<RequestFrame> logger, TimeSpan databaseDeadline)
{
    /// <summary>When a client may try again (RFC 9110 §10.2.3).</summary>
    public const string RetryAfterSeconds = "30";

    public async Task InvokeAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["X-Request-ID"] = http.TraceIdentifier = Guid.CreateVersion7().ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        RequestBudget.Begin(databaseDeadline);
        try
        {
            await next(http);
        }
        catch (Exception accident)
        {
            await AnswerAsync(http, accident);
        }
    }

    private async Task AnswerAsync(HttpContext http, Exception accident)
    {
        if (accident is ConnectionResetException or ConnectionAbortedException or ClientGoneException
            || (accident is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested))
        {
            LogGone(http.Request.Path, http.TraceIdentifier);
            return;
        }

        var status = accident switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            EndOfStreamException => StatusCodes.Status400BadRequest,
            // The database, or an issuer outside of this process: both may answer later.
            DbException or TimeoutException or HttpRequestException or SocketException or IOException =>
                StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
        if (status >= StatusCodes.Status500InternalServerError)
            LogAccident(accident, HttpManners.MethodOf(http), http.Request.Path, http.TraceIdentifier);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        if (http.Request.Path.StartsWithSegments(AdminApi.Root))
            await Problems.WriteAsync(http, status, Problems.Words(status));
        else
            http.Response.ContentLength = 0;
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed, request {RequestId}")]
    private partial void LogAccident(Exception accident, string method, PathString path, string requestId);

    [LoggerMessage(2, LogLevel.Debug, "{Path} was given up by the client, request {RequestId}")]
    private partial void LogGone(PathString path, string requestId);
}
