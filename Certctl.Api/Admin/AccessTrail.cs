using Certctl.Application.Admin;
using Certctl.Application.Enrolment;
using Certctl.Domain.Audit;

namespace Certctl.Api.Admin;

/// <summary>
/// Whoever is turned away from the REST API or from <c>/metrics</c> gets a problem, and auditors see it: who, from where, at which path, why. A flood is
/// counted, not listed (<see cref="IAuditRepository.AppendRefusalAsync"/>).
/// </summary>
internal sealed partial class AccessTrail(IAuditRepository audit, RefusedRequests refused, TimeProvider clock, ILogger<AccessTrail> logger)
{
    private const string Nobody = "anonymous";
    private const int MostOfPath = 200;

    /// <param name="status">401, 403, 429 or 503.</param>
    /// <param name="message">For the client and for auditors; no secret.</param>
    public async Task RefuseAsync(HttpContext http, int status, string message)
    {
        refused.Count(status, ReasonOf(status));
        var now = clock.GetUtcNow();
        var actor = http.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : Nobody;
        var path = http.Request.Path.Value ?? "";

        // A flood must not fill the disk: what went too fast is in the trail, and counted there.
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
            LogRefused(http.Request.Method, http.Request.Path, actor, message, http.TraceIdentifier);
        await audit.AppendRefusalAsync(
            new AuditEvent
            {
                Id = Guid.CreateVersion7(now),
                Timestamp = now,
                Actor = actor,
                ActorType = AdminTrail.Person,
                Action = AuditAction.ApiAccess,
                Outcome = AuditOutcome.Refused,
                Reason = ReasonOf(status),
                Detail = $"{http.Request.Method} {(path.Length > MostOfPath ? path[..MostOfPath] + "…" : path)}: {message}",
                ResourceType = "api",
                ResourceId = "",
                SourceAddress = http.Connection.RemoteIpAddress?.ToString(),
                RequestId = http.TraceIdentifier,
            },
            CancellationToken.None);
        await Problems.WriteAsync(http, status, message);
    }

    private static string ReasonOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "unauthenticated",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status429TooManyRequests => "rate_limited",
        StatusCodes.Status503ServiceUnavailable => "busy",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    [LoggerMessage(1, LogLevel.Warning, "{Method} {Path} refused to {Actor}: {Message}, request {RequestId}")]
    private partial void LogRefused(string method, PathString path, string actor, string message, string requestId);
}
