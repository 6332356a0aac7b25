using Certctl.Application.Enrolments.Compliance;

namespace Certctl.Infrastructure.Compliance;

/// <summary>What came of asking once.</summary>
/// <param name="MayPass">Asking again may help.</param>
internal sealed record ComplianceAttempt(ComplianceVerdict Verdict, bool MayPass)
{
    public static ComplianceAttempt Answered(ComplianceVerdict verdict) => new(verdict, MayPass: false);

    /// <summary>An answer that is none, and will be none the next time.</summary>
    public static ComplianceAttempt NoAnswer(string detail) => new(new ComplianceVerdict.Unavailable(detail), MayPass: false);

    /// <summary>An accident on the way or in the service.</summary>
    public static ComplianceAttempt Accident(string detail) => new(new ComplianceVerdict.Unavailable(detail), MayPass: true);
}
