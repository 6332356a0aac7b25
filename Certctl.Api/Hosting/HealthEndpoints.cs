using System.Data.Common;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting;

/// <summary><c>/health</c>: the process lives. <c>/ready</c>: it can serve: the database answers, and each SCEP profile has a valid RA. Neither shows a driver's words.</summary>
internal static partial class HealthEndpoints
{
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => Results.Json(new { status = "healthy" }));
        routes.MapGet("/ready", ReadyAsync);
    }

    private static async Task<IResult> ReadyAsync(
        DatabasePing ping, ScepProfileTable profiles, ILogger<IDatabaseMigrator> logger, CancellationToken cancellationToken)
    {
        if (profiles.Expired is { Count: > 0 } expired)
        {
            LogExpired(logger, string.Join(", ", expired.Select(pathId => $"\"{pathId}\"")));
            return Results.Json(new { status = "ra_expired" }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            // The driver's own end of a query is no bound: where the database hangs, it waits for its request to cancel to be answered, by the database.
            await ping.AskAsync().WaitAsync(PingTimeout, cancellationToken);
            return Results.Json(new { status = "ready", db = "reachable" });
        }
        catch (DbException outage)
        {
            return Unavailable(logger, outage);
        }
        catch (TimeoutException outage)
        {
            return Unavailable(logger, outage);
        }
    }

    private static IResult Unavailable(ILogger logger, Exception outage)
    {
        LogOutage(logger, outage);
        return Results.Json(new { status = "db_unavailable" }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    [LoggerMessage(1, LogLevel.Warning, "The database cannot be reached")]
    private static partial void LogOutage(ILogger logger, Exception outage);

    [LoggerMessage(2, LogLevel.Error, "No RA certificate is valid for SCEP profile {PathIds}: put new ones in place and send SIGHUP")]
    private static partial void LogExpired(ILogger logger, string pathIds);
}

/// <summary>One question to the database at a time, however many ask meanwhile: probes of a database that hangs do not eat up its connections.</summary>
internal sealed class DatabasePing(IDatabaseMigrator database)
{
    private readonly Lock _one = new();
    private Task _asking = Task.CompletedTask;

    public Task AskAsync()
    {
        lock (_one)
        {
            // No request's token: whoever gives up does not answer for the others.
            if (_asking.IsCompleted)
                _asking = database.PingAsync(CancellationToken.None);
            return _asking;
        }
    }
}
