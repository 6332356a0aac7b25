using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>
/// A filter of the audit trail as a query. Ids are made in the order of time (UUID version 7), so a range of time is a range of ids.
/// </summary>
internal static class AuditQueries
{
    // What nearly every event says; the indexes leave it out, and a query that wants something else says so in the index's own words.
    public const string CommonActor = "scep-client";
    public const string CommonResourceType = "certificate";
    public const AuditOutcome CommonOutcome = AuditOutcome.Issued;

    public static IQueryable<AuditEvent> Matching(this CertctlDbContext db, AuditFilter filter)
    {
        var events = db.AuditEvents.AsNoTracking();
        if (filter.Action is { } action)
            events = events.Where(audit => audit.Action == action);
        if (filter.Actor is { } actor)
            events = actor == CommonActor
                ? events.Where(audit => audit.Actor == CommonActor)
                : events.Where(audit => audit.Actor == actor && audit.Actor != CommonActor);
        if (filter.ResourceType is { } type)
            events = type == CommonResourceType
                ? events.Where(audit => audit.ResourceType == CommonResourceType)
                : events.Where(audit => audit.ResourceType == type && audit.ResourceType != CommonResourceType);
        if (filter.Outcome is { } outcome)
            events = outcome == CommonOutcome
                ? events.Where(audit => audit.Outcome == CommonOutcome)
                : events.Where(audit => audit.Outcome == outcome && audit.Outcome != CommonOutcome);

        // An event that has both names a certificate, and the two are one.
        if (filter.ResourceId is { Length: > 0 } resource)
            events = events.Where(audit => audit.ResourceId == resource && audit.ResourceId != ""
                && (audit.SerialNumber == resource || audit.SerialNumber == null));
        if (filter.Reason is { } reason)
            events = events.Where(audit => audit.Reason == reason);
        if (filter.PathId is { } path)
            events = events.Where(audit => audit.PathId == path);
        if (filter.TransactionId is { } transaction)
            events = events.Where(audit => audit.TransactionId == transaction);
        if (filter.SerialNumber is { } serial)
            events = events.Where(audit => audit.SerialNumber == serial);
        if (filter.From is { } from)
            events = events.From(from).Where(audit => audit.Timestamp >= from);
        if (filter.To is { } to)
            events = events.Until(to).Where(audit => audit.Timestamp < to);
        return filter.Text is not { } text
            ? events
            : db is PostgresCertctlDbContext ? Like(events, TextSearch.Pattern(text)) : Containing(events, text.ToLowerInvariant());
    }

    /// <summary>Whose id is of this moment's millisecond or later.</summary>
    public static IQueryable<AuditEvent> From(this IQueryable<AuditEvent> events, DateTimeOffset moment)
    {
        var first = FirstId(moment.ToUnixTimeMilliseconds());
        return events.Where(audit => audit.Id.CompareTo(first) >= 0);
    }

    /// <summary>Whose id is of an earlier millisecond than this moment's.</summary>
    public static IQueryable<AuditEvent> Before(this IQueryable<AuditEvent> events, DateTimeOffset moment) =>
        events.Before(FirstId(moment.ToUnixTimeMilliseconds()));

    /// <summary>Whose id is of this moment's millisecond or earlier.</summary>
    public static IQueryable<AuditEvent> Until(this IQueryable<AuditEvent> events, DateTimeOffset moment) =>
        events.Before(FirstId(moment.ToUnixTimeMilliseconds() + 1));

    public static IQueryable<AuditEvent> Before(this IQueryable<AuditEvent> events, Guid id) =>
        events.Where(audit => audit.Id.CompareTo(id) < 0);

    /// <summary>Restricts the query to the range that was counted; nothing lies outside it.</summary>
    public static IQueryable<AuditEvent> Within(this IQueryable<AuditEvent> events, CountSnapshot counted)
    {
        if (counted.Oldest is { } oldest)
            events = events.From(oldest);
        return counted.Newest is { } newest ? events.Until(newest) : events;
    }

    /// <summary>RFC 9562 §5.7: the first 48 bits are the Unix time in milliseconds; no id of it comes before this one.</summary>
    private static Guid FirstId(long unixMilliseconds)
    {
        var time = Math.Max(0, unixMilliseconds);
        return new Guid((uint)(time >> 16), (ushort)time, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    private static IQueryable<AuditEvent> Like(IQueryable<AuditEvent> events, string pattern) => events.Where(audit =>
        EF.Functions.ILike(audit.Subject!, pattern, TextSearch.Escape) || EF.Functions.ILike(audit.Detail!, pattern, TextSearch.Escape)
        || EF.Functions.ILike(audit.DeviceName!, pattern, TextSearch.Escape)
        || EF.Functions.ILike(audit.ClaimSubject!, pattern, TextSearch.Escape));

    // Not by LIKE: SQLite's knows upper and lower case of ASCII alone, and no index would serve it.
#pragma warning disable CA1862 // EF translates this form to SQL and no overload with a StringComparison.
    private static IQueryable<AuditEvent> Containing(IQueryable<AuditEvent> events, string text) => events.Where(audit =>
        audit.Subject!.ToLower().Contains(text) || audit.Detail!.ToLower().Contains(text)
        || audit.DeviceName!.ToLower().Contains(text) || audit.ClaimSubject!.ToLower().Contains(text));
#pragma warning restore CA1862
}
