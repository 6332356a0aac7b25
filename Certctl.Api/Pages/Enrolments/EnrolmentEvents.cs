using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Pages.Enrolments;

/// <summary>What devices asked for, from the audit trail.</summary>
internal static class EnrolmentEvents
{
    /// <summary>The events of requests for certificates; not of polls, which repeat them.</summary>
    public static readonly IReadOnlyList<string> Actions =
    [
        AuditAction.ScepPkcsReq, AuditAction.ScepPkcsReqIntune, AuditAction.ScepRenewalReq, AuditAction.ScepRenewalReqIntune,
        AuditAction.ScepRawCsr, AuditAction.EstSimpleEnroll, AuditAction.EstSimpleReenroll, AuditAction.EstServerKeyGen,
    ];

    private static readonly Dictionary<string, string> Public =
        Enum.GetValues<FailureReason>().Select(FailureTable.Of).DistinctBy(row => row.Label)
            .ToDictionary(row => row.Label, row => row.PublicText);

    /// <summary>The newest of the filter over all <paramref name="actions"/>, and whether more follow.</summary>
    public static async Task<(IReadOnlyList<AuditEvent> Events, bool HasMore)> PageAsync(
        IAuditRepository audit,
        AuditFilter filter,
        IReadOnlyList<string> actions,
        Guid? before,
        int limit,
        CancellationToken cancellationToken)
    {
        var events = new List<AuditEvent>();
        var hasMore = false;
        foreach (var action in actions)
        {
            var page = await audit.ListAsync(filter with { Action = action }, before, skip: 0, limit, cancellationToken);
            events.AddRange(page.Events);
            hasMore |= page.HasMore;
        }

        return ([.. events.OrderByDescending(row => row.Id).Take(limit)], hasMore || events.Count > limit);
    }

    /// <summary>What the device was told, and what to do, of the label of a refusal; null: nothing is known of it.</summary>
    public static string? PublicTextOf(string? reason) => reason is null ? null : Public.GetValueOrDefault(reason);
}
