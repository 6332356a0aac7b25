using Certctl.Api.Hosting.Http;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// A request that the REST API or <c>/metrics</c> turns away is answered by a problem, and auditors see it: who, from where, at which
/// path, why. A flood is counted, not listed (<see cref="IAuditRepository.AppendRefusalAsync"/>).
/// </summary>
internal sealed partial class AccessTrail(IAuditRepository audit, RefusedRequests refused, TimeProvider clock, ILogger<AccessTrail> logger)
{
    private const string Unauthenticated = ReservedNames.Anonymous;
    private const int MostOfPath = 200;

    /// <summary>An export was ended: its client read too slowly, or for too long.</summary>
    public const string TooSlow = "export_too_slow";
    public const string TooLong = "export_too_long";

    /// <summary>What a trusted proxy says of its client cannot be read.</summary>
    public const string Unreadable = "proxy_unreadable";

    /// <summary>Labels of its refusals in the audit trail: of 401, 403, 429 and 503, of exports and of proxies.</summary>
    public static readonly IReadOnlyList<string> Reasons = ["unauthenticated", "forbidden", "rate_limited", "busy", TooSlow, TooLong, Unreadable];

    /// <param name="status">401, 403, 429 or 503.</param>
    /// <param name="message">For the client and for auditors; no secret.</param>
    public async Task RefuseAsync(HttpContext http, int status, string message)
    {
        await CountAsync(http, status, message);
        await Problems.WriteAsync(http, status, message);
    }

    /// <summary>Counts and records it; the caller answers in its own words.</summary>
    public Task CountAsync(HttpContext http, int status, string message)
    {
        refused.Count(status, ReasonOf(status));
        return RecordAsync(http, ReasonOf(status), message);
    }

    /// <summary>Records it without an answer: none can be given any more.</summary>
    /// <param name="reason">One of <see cref="Reasons"/>.</param>
    public async Task RecordAsync(HttpContext http, string reason, string message)
    {
        var now = clock.GetUtcNow();
        var actor = http.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : Unauthenticated;
        var path = (http.Request.PathBase + http.Request.Path).Value ?? "";

        // A flood must not fill the disk: what went too fast is in the trail, and counted there.
        if (reason is not ("rate_limited" or "busy"))
            LogRefused(HttpManners.MethodOf(http), http.Request.PathBase + http.Request.Path, actor, message, http.TraceIdentifier);
        await audit.AppendRefusalAsync(
            new AuditEvent
            {
                Id = Guid.CreateVersion7(now),
                Timestamp = now,
                Actor = actor,
                ActorType = AdminTrail.Person,
                Action = AuditAction.ApiAccess,
                Outcome = AuditOutcome.Refused,
                Reason = reason,
                Detail = $"{HttpManners.MethodOf(http)} {(path.Length > MostOfPath ? path[..MostOfPath] + "…" : path)}: {message}",
                ResourceType = "api",
                ResourceId = "",
                SourceAddress = http.Connection.RemoteIpAddress?.ToString(),
                RequestId = http.TraceIdentifier,
            },
            CancellationToken.None);
    }

    private static string ReasonOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Reasons[0],
        StatusCodes.Status403Forbidden => Reasons[1],
        StatusCodes.Status429TooManyRequests => Reasons[2],
        StatusCodes.Status503ServiceUnavailable => Reasons[3],
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    [LoggerMessage(1, LogLevel.Warning, "{Method} {Path} refused to {Actor}: {Message}, request {RequestId}")]
    private partial void LogRefused(string method, PathString path, string actor, string message, string requestId);
}
