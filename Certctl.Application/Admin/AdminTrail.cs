using Certctl.Domain.Audit;

namespace Certctl.Application.Admin;

/// <summary>Audit events of operator actions.</summary>
public static class AdminTrail
{
    /// <summary><see cref="AuditEvent.ActorType"/> of operators and their scripts.</summary>
    public const string Person = "User";

    /// <param name="resourceType">Such as <c>certificate</c>.</param>
    /// <param name="detail">What exactly, for auditors; no secret. Empty: the action says it all.</param>
    public static AuditEvent Event(
        AdminCaller caller, string action, string resourceType, string resourceId, string detail, DateTimeOffset now) => new()
        {
            Id = Guid.CreateVersion7(now),
            Timestamp = now,
            Actor = caller.Actor.Trim(),
            ActorType = Person,
            Action = action,
            Outcome = AuditOutcome.Done,
            Detail = detail.Length == 0 ? Way(caller) : $"{Way(caller)}: {detail}",
            ResourceType = resourceType,
            ResourceId = resourceId,
            SourceAddress = caller.SourceAddress,
            RequestId = caller.RequestId,
        };

    private static string Way(AdminCaller caller) =>
        caller.Principal == caller.Actor ? caller.Channel : $"{caller.Channel}, for {caller.Principal}";
}
