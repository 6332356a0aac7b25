using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>How signed challenges fared on one path, over all processes, as the audit trail has it.</summary>
/// <param name="PathId">Null: refusals that came in such a flood that their path was not kept.</param>
/// <param name="Counts">By each of <see cref="IntuneCounters.Labels"/>, also those that never came.</param>
/// <param name="Other">Refused although the challenge was good: by the certificate profile, say.</param>
public sealed record IntuneStatistics(string? PathId, IReadOnlyDictionary<string, long> Counts, long Other)
{
    private static readonly string[] Actions = [AuditAction.ScepPkcsReqIntune, AuditAction.ScepRenewalReqIntune];

    /// <summary>Paths in the order of their names; a path without events is not among them.</summary>
    public static async Task<IReadOnlyList<IntuneStatistics>> SinceAsync(
        IAuditRepository audit, DateTimeOffset since, CancellationToken cancellationToken) =>
    [
        .. (await audit.CountAsync(Actions, since, until: null, cancellationToken)).GroupBy(row => row.PathId)
            .Select(path => Of(path.Key, path.Where(row => row.Outcome != AuditOutcome.Pending).ToLookup(Label, row => row.Count)))
            .OrderBy(path => path.PathId, StringComparer.Ordinal),
    ];

    private static string Label(AuditCount row) => row.Outcome == AuditOutcome.Issued ? IntuneCounters.Success : row.Reason ?? "";

    private static IntuneStatistics Of(string? pathId, ILookup<string, long> rows) => new(
        pathId,
        IntuneCounters.Labels.ToDictionary(label => label, label => rows[label].Sum(), StringComparer.Ordinal),
        rows.Where(label => !IntuneCounters.Labels.Contains(label.Key)).Sum(label => label.Sum()));
}
