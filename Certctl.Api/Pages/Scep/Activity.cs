using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Api.Pages.Scep;

/// <summary>Which enrolments by SCEP are shown.</summary>
public enum ActivityKind
{
    All,
    Initial,
    Renewal,
    Intune,
    Static,
}

/// <summary>The newest enrolments by SCEP, from the audit trail.</summary>
internal static class Activity
{
    private static readonly Dictionary<ActivityKind, string[]> Actions = new()
    {
        [ActivityKind.All] =
        [
            AuditAction.ScepPkcsReq, AuditAction.ScepRenewalReq, AuditAction.ScepPkcsReqIntune, AuditAction.ScepRenewalReqIntune,
        ],
        [ActivityKind.Initial] = [AuditAction.ScepPkcsReq, AuditAction.ScepPkcsReqIntune],
        [ActivityKind.Renewal] = [AuditAction.ScepRenewalReq, AuditAction.ScepRenewalReqIntune],
        [ActivityKind.Intune] = [AuditAction.ScepPkcsReqIntune, AuditAction.ScepRenewalReqIntune],
        [ActivityKind.Static] = [AuditAction.ScepPkcsReq, AuditAction.ScepRenewalReq],
    };

    /// <summary>Newest first.</summary>
    public static async Task<IReadOnlyList<AuditEvent>> NewestAsync(
        IAuditRepository audit, ActivityKind kind, int limit, CancellationToken cancellationToken)
    {
        var events = new List<AuditEvent>();
        foreach (var action in Actions[kind])
        {
            var page = await audit.ListAsync(new AuditFilter { Action = action }, before: null, skip: 0, limit, cancellationToken);
            events.AddRange(page.Events);
        }

        return [.. events.OrderByDescending(row => row.Timestamp).ThenByDescending(row => row.Id).Take(limit)];
    }

    public static string NameOf(ActivityKind kind) => kind switch
    {
        ActivityKind.All => Texts.ChipAll,
        ActivityKind.Initial => Texts.ChipInitial,
        ActivityKind.Renewal => Texts.ChipRenewal,
        ActivityKind.Intune => Texts.ChipIntune,
        ActivityKind.Static => Texts.ChipStatic,
    };

    /// <summary>What a row says of an event: names of the device, and why it was refused.</summary>
    public static string DetailsOf(AuditEvent row)
    {
        string?[] parts = [row.Subject, row.DeviceName, row.Reason, row.Detail];
        return string.Join(" · ", parts.Where(part => !string.IsNullOrEmpty(part)).Distinct(StringComparer.Ordinal));
    }
}
