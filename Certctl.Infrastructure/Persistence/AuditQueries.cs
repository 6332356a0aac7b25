using Certctl.Application.Enrolment;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence;

/// <summary>A filter of the audit trail as a query.</summary>
internal static class AuditQueries
{
    public static IQueryable<AuditEvent> Matching(this IQueryable<AuditEvent> events, AuditFilter filter)
    {
        if (filter.Action is { } action)
            events = events.Where(audit => audit.Action == action);
        if (filter.Actor is { } actor)
            events = events.Where(audit => audit.Actor == actor);
        if (filter.ResourceType is { } type)
            events = events.Where(audit => audit.ResourceType == type);
        if (filter.ResourceId is { } resource)
            events = events.Where(audit => audit.ResourceId == resource);
        if (filter.Outcome is { } outcome)
            events = events.Where(audit => audit.Outcome == outcome);
        if (filter.Reason is { } reason)
            events = events.Where(audit => audit.Reason == reason);
        if (filter.PathId is { } path)
            events = events.Where(audit => audit.PathId == path);
        if (filter.TransactionId is { } transaction)
            events = events.Where(audit => audit.TransactionId == transaction);
        if (filter.SerialNumber is { } serial)
            events = events.Where(audit => audit.SerialNumber == serial);
        if (filter.From is { } from)
            events = events.Where(audit => audit.Timestamp >= from);
        if (filter.To is { } to)
            events = events.Where(audit => audit.Timestamp < to);
        return filter.Text is { } text ? Containing(events, text.ToLowerInvariant()) : events;
    }

    // Not by LIKE: what somebody looks for may hold its wildcards.
#pragma warning disable CA1862 // EF translates this form to SQL and no overload with a StringComparison.
    private static IQueryable<AuditEvent> Containing(IQueryable<AuditEvent> events, string text) => events.Where(audit =>
        audit.Subject!.ToLower().Contains(text) || audit.Detail!.ToLower().Contains(text)
        || audit.DeviceName!.ToLower().Contains(text) || audit.ClaimSubject!.ToLower().Contains(text));
#pragma warning restore CA1862
}
