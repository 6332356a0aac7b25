using System.Data.Common;
using System.Net.Sockets;
using Certctl.Api.Rest;
using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// The one place where an accident becomes an answer. Answers say nothing of the inside: 503 with Retry-After when the database or an
/// issuer failed, else 500, without a body outside the REST API. A CertRep FAILURE would be a decision; this is none.
/// </summary>
internal sealed partial class AccidentHandler(ILogger<AccidentHandler> logger) : IExceptionHandler
{
    /// <summary>When a client may try again (RFC 9110 §10.2.3).</summary>
    public const string RetryAfterSeconds = "30";

    /// <returns>Always true: there is no other handler.</returns>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (IsGone(httpContext, exception))
        {
            LogGone(httpContext.Request.Path, httpContext.TraceIdentifier);
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var status = exception switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            EndOfStreamException => StatusCodes.Status400BadRequest,
            DbException or TimeoutException or HttpRequestException or SocketException or IOException =>
                StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status500InternalServerError,
        };
        if (status >= StatusCodes.Status500InternalServerError)
            LogAccident(httpContext, exception);

        RequestFrame.SetHeaders(httpContext);
        httpContext.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
            httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        if (httpContext.Request.Path.StartsWithSegments(AdminApi.Root))
            await Problems.WriteAsync(httpContext, status, Problems.Words(status));
        else
            httpContext.Response.ContentLength = 0;
        return true;
    }

    /// <summary>Aborts an answer that has begun, so that it is not taken for complete.</summary>
    public void AfterBegin(HttpContext http, Exception accident)
    {
        if (IsGone(http, accident))
        {
            LogGone(http.Request.Path, http.TraceIdentifier);
            return;
        }

        LogAccident(http, accident);
        http.Abort();
    }

    // RequestAborted fires on another thread, perhaps later than the read or write fails.
    private static bool IsGone(HttpContext http, Exception accident) =>
        accident is ConnectionResetException or ConnectionAbortedException or ClientGoneException
        || (accident is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested);

    private void LogAccident(HttpContext http, Exception accident) =>
        LogAccident(accident, HttpManners.MethodOf(http), http.Request.Path, http.TraceIdentifier);

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed, request {RequestId}")]
    private partial void LogAccident(Exception accident, string method, PathString path, string requestId);

    [LoggerMessage(2, LogLevel.Debug, "{Path} was given up by the client, request {RequestId}")]
    private partial void LogGone(PathString path, string requestId);
}
