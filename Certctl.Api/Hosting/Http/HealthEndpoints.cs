using System.Data.Common;
using System.Text.Json.Serialization;
using Certctl.Api.Rest.Http;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Persistence.Availability;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// <c>/health</c>: the process lives. <c>/ready</c>: it can serve: the database takes a write, and each SCEP profile has a valid RA.
/// Neither shows a driver's words.
/// </summary>
internal static partial class HealthEndpoints
{
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => Results.Json(new HealthAnswer("healthy"), ApiJson.Options))
            .Produces<HealthAnswer>().WithSummary("Whether the process lives");
        routes.MapGet("/ready", ReadyAsync).Produces<ReadyAnswer>().Produces<ReadyAnswer>(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("Whether it can serve").WithDescription("The database answers, and each SCEP profile has a valid RA certificate.");
    }

    private static async Task<IResult> ReadyAsync(
        IDatabaseReadiness database,
        DatabaseClock clock,
        ScepProfileTable profiles,
        ILogger<IDatabaseReadiness> logger,
        CancellationToken cancellationToken)
    {
        if (profiles.Expired is { Count: > 0 } expired)
        {
            LogExpired(logger, string.Join(", ", expired.Select(pathId => $"\"{pathId}\"")));
            return Results.Json(new ReadyAnswer("ra_expired"), ApiJson.Options, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            // The driver's own end of a query is no bound: where the database hangs, it waits for its request to cancel to be answered, by
            // the database.
            if (await database.AskAsync().WaitAsync(PingTimeout, cancellationToken) == DatabaseState.Writable)
            {
                await clock.NowAsync(cancellationToken).AsTask().WaitAsync(PingTimeout, cancellationToken);
                return Results.Json(
                    new ReadyAnswer("ready")
                    {
                        Db = "reachable",
                        ClockDifferenceSeconds = clock.Difference is { } difference ? Math.Round(difference.TotalSeconds, 3) : null,
                    },
                    ApiJson.Options);
            }

            LogReadOnly(logger);
            return Results.Json(new ReadyAnswer("db_read_only"), ApiJson.Options, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (DbException outage)
        {
            return Unavailable(logger, outage);
        }
        catch (TimeoutException outage)
        {
            database.Suspect();
            return Unavailable(logger, outage);
        }
    }

    private static IResult Unavailable(ILogger logger, Exception outage)
    {
        LogOutage(logger, outage);
        return Results.Json(new ReadyAnswer("db_unavailable"), ApiJson.Options, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    [LoggerMessage(1, LogLevel.Warning, "The database cannot be reached")]
    private static partial void LogOutage(ILogger logger, Exception outage);

    [LoggerMessage(3, LogLevel.Warning, "The database answers and cannot be written to: a standby, a demoted server or a read-only file")]
    private static partial void LogReadOnly(ILogger logger);

    [LoggerMessage(2, LogLevel.Error, "No RA certificate is valid for SCEP profile {PathIds}: put new ones in place and send SIGHUP")]
    private static partial void LogExpired(ILogger logger, string pathIds);
}

/// <param name="Status">Always <c>healthy</c>.</param>
internal sealed record HealthAnswer(string Status);

/// <param name="Status"><c>ready</c>, <c>ra_expired</c>, <c>db_unavailable</c> or <c>db_read_only</c>.</param>
internal sealed record ReadyAnswer(string Status)
{
    /// <summary><c>reachable</c>; absent where it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Db { get; init; }

    /// <summary>How far this server's clock is ahead of the database's; absent where the database has no clock of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ClockDifferenceSeconds { get; init; }
}
