using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>Instruments of the meter <c>Certctl</c>; the listener decides where they go.</summary>
public sealed class EnrolmentMetrics : IDisposable
{
    public const string MeterName = "Certctl";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _enrolments;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _commit;
    private readonly Counter<long> _complianceVerdicts;
    private readonly Histogram<double> _complianceDuration;

    public EnrolmentMetrics()
    {
        _enrolments = _meter.CreateCounter<long>(
            "certctl_enrolment_requests_total", "{request}", "Requests of devices by protocol, profile, kind, outcome and reason.");
        _duration = _meter.CreateHistogram<double>(
            "certctl_enrolment_request_duration_seconds", "s", "From the decoded body to the decided answer.");
        _commit = _meter.CreateHistogram<double>(
            "certctl_journal_commit_duration_seconds", "s", "How long an enrolment waited for its commit, the queue before it included.");
        _complianceVerdicts = _meter.CreateCounter<long>(
            "certctl_compliance_verdicts_total", "{verdict}", "Answers of compliance services by protocol, profile and verdict.");
        _complianceDuration = _meter.CreateHistogram<double>(
            "certctl_compliance_duration_seconds", "s", "How long an enrolment waited for its compliance verdict.");
    }

    /// <param name="kind">As the REST API names it: <c>pkcs_req</c>, <c>renewal_req</c>, …</param>
    public void Answered(string protocol, string pathId, string kind, string outcome, string? reason, TimeSpan elapsed)
    {
        var tags = Tags(protocol, pathId, kind, outcome, reason ?? "");
        _enrolments.Add(1, tags);
        _duration.Record(elapsed.TotalSeconds, tags);
    }

    public void Unreadable(string protocol, string pathId) => _enrolments.Add(1, Tags(protocol, pathId, "unknown", "unreadable", ""));

    /// <param name="kind">As in <see cref="Answered"/>; <c>unknown</c> where nothing has said it.</param>
    public void NotAdmitted(string protocol, string pathId, string kind, string reason) =>
        _enrolments.Add(1, Tags(protocol, pathId, kind, "refused", reason));

    public void Committed(TimeSpan elapsed) => _commit.Record(elapsed.TotalSeconds);

    /// <param name="verdict"><c>compliant</c>, <c>not_compliant</c> or <c>unavailable</c>.</param>
    public void ComplianceAnswered(string protocol, string pathId, string verdict, TimeSpan elapsed)
    {
        var tags = new TagList { { "protocol", protocol }, { "profile", pathId }, { "verdict", verdict } };
        _complianceVerdicts.Add(1, tags);
        _complianceDuration.Record(elapsed.TotalSeconds, tags);
    }

    public void Dispose() => _meter.Dispose();

    private static TagList Tags(string protocol, string pathId, string kind, string outcome, string reason) => new()
    {
        { "protocol", protocol }, { "profile", pathId }, { "kind", kind }, { "outcome", outcome }, { "reason", reason },
    };
}
