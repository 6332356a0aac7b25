using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>
/// How signed challenges fared, by SCEP profile and label, since this process started; over all processes the audit trail tells it.
/// </summary>
public sealed class IntuneCounters : IDisposable
{
    public const string Success = "success";

    /// <summary>The labels that operators know; all but the first are reasons of FailureTable.</summary>
    public static readonly IReadOnlyList<string> Labels =
    [
        Success, "signature_invalid", "expired", "not_yet_valid", "wrong_audience", "replay", "unknown_version", "malformed",
        "rate_limited", "claim_mismatch", "compliance_failed",
    ];

    private readonly Meter _meter = new(EnrolmentMetrics.MeterName);
    private readonly Counter<long> _enrolments;
    private readonly ConcurrentDictionary<(string PathId, string Label), long> _counts = new();

    public IntuneCounters() => _enrolments = _meter.CreateCounter<long>(
        "certctl_scep_intune_enrollments_total",
        "{enrolment}",
        "Requests with a signed challenge by profile and status; success is a certificate that was issued.");

    public void Count(string pathId, string label)
    {
        _counts.AddOrUpdate((pathId, label), 1, static (_, count) => count + 1);
        _enrolments.Add(1, new TagList { { "profile", pathId }, { "status", label } });
    }

    /// <summary>Every label, also those that never came.</summary>
    public IReadOnlyDictionary<string, long> Of(string pathId) =>
        Labels.ToDictionary(label => label, label => _counts.GetValueOrDefault((pathId, label)), StringComparer.Ordinal);

    public void Dispose() => _meter.Dispose();
}
