using Certctl.Api.Publication;
using Certctl.Infrastructure.Persistence.Availability;
using Microsoft.AspNetCore.Diagnostics;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// What surrounds every request: an id, the headers of a careful server, the time that the database may take, and the framework's exception
/// handler with <see cref="AccidentHandler"/> behind it.
/// </summary>
internal sealed class RequestFrame(RequestDelegate next, AccidentHandler accidents, TimeSpan databaseDeadline)
{
    public async Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = Guid.CreateVersion7().ToString();
        SetHeaders(http);
        BeginDatabaseTime(databaseDeadline);
        try
        {
            await next(http);
        }
        catch (Exception accident) when (http.Response.HasStarted)
        {
            // The framework's handler lets these pass.
            accidents.AfterBegin(http, accident);
        }
    }

    /// <summary>Gives the calling asynchronous method, and all that it calls, this time for the database.</summary>
    public static void BeginDatabaseTime(TimeSpan deadline) => RequestBudget.Begin(deadline);

    /// <summary>The headers of every answer; the framework's handler clears them before another answer is written.</summary>
    public static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["X-Request-ID"] = http.TraceIdentifier;
        headers.XContentTypeOptions = "nosniff";

        // RFC 6797 §7.2: never without TLS.
        if (http.Features.Get<PlainConnection>() is null)
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
    }
}

/// <summary>Registration of the frame.</summary>
internal static class RequestFrameRegistration
{
    public static IServiceCollection AddRequestFrame(this IServiceCollection services) => services
        .AddSingleton<AccidentHandler>()
        .AddSingleton<IExceptionHandler>(provider => provider.GetRequiredService<AccidentHandler>());

    /// <param name="app">Nothing may come before the frame.</param>
    /// <param name="databaseDeadline">How long a request may wait for the database.</param>
    public static void UseRequestFrame(this IApplicationBuilder app, TimeSpan databaseDeadline)
    {
        app.UseMiddleware<RequestFrame>(databaseDeadline);
        app.UseExceptionHandler();
    }
}
