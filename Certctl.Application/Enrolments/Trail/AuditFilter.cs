using Certctl.Domain.Audit;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>Which events of the trail; what is null does not matter.</summary>
public sealed record AuditFilter
{
    public string? Action { get; init; }

    public string? Actor { get; init; }

    public string? ResourceType { get; init; }

    public string? ResourceId { get; init; }

    public AuditOutcome? Outcome { get; init; }

    /// <summary>The label of a refusal.</summary>
    public string? Reason { get; init; }

    public string? PathId { get; init; }

    public string? TransactionId { get; init; }

    /// <summary>40 lower-case hex digits.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>This moment and later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Stands somewhere in subject, detail, device name or claim subject; upper and lower case alike.</summary>
    public string? Text { get; init; }
}

/// <summary>Some events, newest first.</summary>
/// <param name="Total">Of the whole filter, not of this page.</param>
/// <param name="HasMore">Older ones follow.</param>
public sealed record AuditPage(IReadOnlyList<AuditEvent> Events, long Total, bool HasMore);
