using System.Data.Common;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting;

/// <summary><c>/health</c>: the process lives. <c>/ready</c>: it can serve, database included. Neither shows a driver's words.</summary>
internal static partial class HealthEndpoints
{
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => Results.Json(new { status = "healthy" }));
        routes.MapGet("/ready", ReadyAsync);
    }

    private static async Task<IResult> ReadyAsync(IDatabaseMigrator database, ILogger<IDatabaseMigrator> logger, CancellationToken cancellationToken)
    {
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
}
