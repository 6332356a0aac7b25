using Certctl.Application.Enrolments.Trail;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Enrolments.Compliance;

/// <summary>Puts the question about one request to the hook of its profile; counts, measures and logs what comes back.</summary>
public sealed partial class ComplianceInquiry(EnrolmentMetrics metrics, TimeProvider clock, ILogger<ComplianceInquiry> logger)
{
    /// <summary>The verdict with its words fit for audit and log.</summary>
    public async Task<ComplianceVerdict> AskAsync(IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var started = clock.GetTimestamp();
        var verdict = await context.Policy.Compliance.Hook.AskAsync(Question(command), cancellationToken);
        return verdict switch
        {
            ComplianceVerdict.Compliant(var reason) when ForeignText.Clean(reason) is var words =>
                Noted(new ComplianceVerdict.Compliant(words), "compliant", words, LogLevel.Information),
            ComplianceVerdict.NotCompliant(var reason) when ForeignText.Clean(reason) is var words =>
                Noted(new ComplianceVerdict.NotCompliant(words), "not_compliant", words, LogLevel.Information),
            ComplianceVerdict.Unavailable(var detail) when ForeignText.Clean(detail) is var words =>
                Noted(new ComplianceVerdict.Unavailable(words), "unavailable", words, LogLevel.Warning),
            ComplianceVerdict.NotAsked => verdict,
            _ => throw new InvalidOperationException("A compliance verdict is one of four."),
        };

        ComplianceVerdict Noted(ComplianceVerdict clean, string word, string detail, LogLevel level)
        {
            var elapsed = clock.GetElapsedTime(started);
            metrics.ComplianceAnswered(context.Protocol, context.Policy.PathId, word, elapsed);
            LogAnswered(
                level, context.Protocol, context.Policy.PathId, word, detail, context.Origin.RequestId, elapsed.TotalMilliseconds);
            return clean;
        }
    }

    private static ComplianceQuestion Question(IssuanceCommand command)
    {
        var context = command.Context;
        var (policy, grant) = (context.Policy, context.Grant);
        return new ComplianceQuestion(
            context.Protocol,
            policy.PathId,
            policy.CertificateProfileId,
            context.TransactionId,
            context.Origin.RequestId,
            context.Origin.SourceAddress,
            grant.Kind,
            grant.Claim,
            command.Csr);
    }

    [LoggerMessage(
        EventId = 1, Message = "{Protocol} \"{PathId}\" compliance {Verdict} \"{Detail}\" request {RequestId} in {Milliseconds:F1} ms")]
    private partial void LogAnswered(
        LogLevel level, string protocol, string pathId, string verdict, string detail, string requestId, double milliseconds);
}
