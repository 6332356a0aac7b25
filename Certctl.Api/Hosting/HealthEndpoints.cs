using System.Data.Common;
using Certctl.Api.Scep;
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
        IDatabaseMigrator database, ScepProfileTable profiles, ILogger<IDatabaseMigrator> logger, CancellationToken cancellationToken)
    {
        if (profiles.Expired is { Count: > 0 } expired)
        {
            LogExpired(logger, string.Join(", ", expired.Select(pathId => $"\"{pathId}\"")));
            return Results.Json(new { status = "ra_expired" }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(PingTimeout);
        try
        {
            await database.PingAsync(bounded.Token);
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
        catch (OperationCanceledException outage) when (!cancellationToken.IsCancellationRequested)
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
