using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using MediatR;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep.RawCsr;

/// <summary>The story of a PKCS#10 in the clear: recognise, send through the checks, write down, answer. One line of log and one count at the one exit.</summary>
public sealed partial class RawCsrResponder(
    IMediator mediator, IAuditRepository audit, EnrolmentMetrics metrics, DatabaseClock clock, TimeProvider process, ILogger<RawCsrResponder> logger)
{
    /// <summary>
    /// Answers a message that is a PKCS#10 in the clear; null when it is none or when the profile takes none, and then nothing has happened. Throws when
    /// database or issuer fail.
    /// </summary>
    public async Task<RawCsrAnswer?> AnswerAsync(ScepProfile profile, ReadOnlyMemory<byte> message, RequestOrigin origin, CancellationToken cancellationToken)
    {
        if (!profile.AllowRawCsr || profile.Codec.ReadRawCsr(message) is not { } content)
            return null;
        using var trace = EnrolmentTrace.Message("RawCsr", profile.PathId, origin.RequestId);
        var started = process.GetTimestamp();
        var now = await clock.NowAsync(cancellationToken);
        var csr = (content as ScepContent.CertificationRequest)?.Csr;
        var command = csr is null ? null : Command(profile, csr, origin, now);
        var outcome = command is null ? new EnrolmentOutcome.Refused(((ScepContent.Refused)content).Failure) : await mediator.Send(command, cancellationToken);

        if (outcome is EnrolmentOutcome.Refused(var failure))
        {
            var context = command?.Context;
            await audit.AppendRefusalAsync(EnrolmentTrail.RefusedRawCsr(profile.Policy, origin, now, csr, context, failure), cancellationToken);
            if (context?.Trace is not null)
                metrics.IntuneRefused(profile.PathId, failure.Reason);
        }

        var (answer, word, reason, detail) = Describe(outcome, profile, isReadable: csr is not null);
        var elapsed = process.GetElapsedTime(started);
        metrics.Answered(profile.PathId, ScepKind.RawCsr, word, reason, elapsed);
        trace.Ended(ScepKind.RawCsr, word, reason);
        var issued = (outcome as EnrolmentOutcome.Issued)?.Certificate;
        LogAnswered(
            ScepKind.RawCsr,
            word,
            profile.PathId,
            reason,
            detail,
            issued?.Subject ?? csr?.Subject.ToString(),
            issued?.SerialNumber,
            csr is null ? null : TransactionId.Of(csr),
            origin.SourceAddress,
            origin.RequestId,
            elapsed.TotalMilliseconds);
        return answer;
    }

    private static RawCsrCommand Command(ScepProfile profile, CertificateSigningRequest csr, RequestOrigin origin, DateTimeOffset now) => new(
        new EnrolmentContext
        {
            Policy = profile.Policy,
            Protocol = ScepProtocol.Name,
            TransactionId = TransactionId.Of(csr),
            Requester = RequestSigner.Of(csr),
            Origin = origin,
            ReceivedAt = now,
        },
        csr);

    private static (RawCsrAnswer Answer, string Word, string? Reason, string? Detail) Describe(EnrolmentOutcome outcome, ScepProfile profile, bool isReadable) => outcome switch
    {
        EnrolmentOutcome.Issued(var certificate) =>
            (new RawCsrAnswer.Issued(profile.Codec.EncodeCertificates([certificate.Der, .. profile.Policy.Issuer.Chain])), "issued", null, null),
        EnrolmentOutcome.Pending(var id) => (new RawCsrAnswer.Pending(), "pending", null, id.ToString()),
        EnrolmentOutcome.Refused(var failure) when FailureTable.Of(failure.Reason) is var row =>
            (isReadable ? new RawCsrAnswer.Refused(FailureTable.PublicText(failure)) : new RawCsrAnswer.Unreadable(row.PublicText), "refused", row.Label, failure.Detail),
        _ => throw new InvalidOperationException("An outcome is one of three."),
    };

    // The text is short on purpose: the formatters write the other values as fields, once.
    [LoggerMessage(1, LogLevel.Information, "SCEP {Kind} {Outcome}")]
    private partial void LogAnswered(
        string kind,
        string outcome,
        string pathId,
        string? reason,
        string? detail,
        string? subject,
        string? serialNumber,
        TransactionId? transactionId,
        string? sourceAddress,
        string requestId,
        double durationMs);
}
