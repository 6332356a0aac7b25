using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using MediatR;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep;

/// <summary>The story of a SCEP message: decode, dispatch by messageType, write down, encode. One line of log and one count at the one exit.</summary>
public sealed partial class ScepResponder(
    IMediator mediator, IAuditRepository audit, EnrolmentMetrics metrics, DatabaseClock clock, TimeProvider process, ILogger<ScepResponder> logger)
{
    /// <summary>
    /// Answers a pkiMessage with a CertRep; null when the bytes are no pkiMessage at all (HTTP 400). Throws when database or issuer fail: an outage is
    /// not a decision, and a CertRep FAILURE is one that clients may take as final.
    /// </summary>
    public async Task<byte[]?> AnswerAsync(ScepProfile profile, ReadOnlyMemory<byte> message, RequestOrigin origin, CancellationToken cancellationToken)
    {
        // Begun now, so that its end does not depend on what the message costs (ADR 6).
        var floor = UnreadableContent.BeginFloor();
        var started = process.GetTimestamp();
        var now = await clock.NowAsync(cancellationToken);
        using var trace = EnrolmentTrace.Message("ScepMessage", profile.PathId, origin.RequestId);
        var decoding = Decode(profile, message);
        if (decoding is ScepDecoding.Unreadable(var defect))
        {
            await audit.AppendRefusalAsync(EnrolmentTrail.Unreadable(profile.Policy, origin, now, defect), cancellationToken);
            metrics.Unreadable(profile.PathId);
            LogUnreadable(profile.PathId, defect, origin.SourceAddress, origin.RequestId);
            return null;
        }

        var (head, content) = (ScepDecoding.Readable)decoding;

        var command = content is ScepContent.Refused ? null : ScepDispatch.Command(profile, Context(profile.Policy, head, origin, now), head.MessageType, content);
        var outcome = command is null ? new EnrolmentOutcome.Refused(((ScepContent.Refused)content).Failure) : await mediator.Send(command, cancellationToken);

        if (outcome is EnrolmentOutcome.Refused(var failure))
        {
            var (csr, context) = ((content as ScepContent.CertificationRequest)?.Csr, command?.Context);
            await audit.AppendRefusalAsync(EnrolmentTrail.Refused(profile.Policy, origin, now, head, csr, context, failure), cancellationToken);
            if (context?.Trace is not null)
                metrics.IntuneRefused(profile.PathId, failure.Reason);
            if (failure.Reason is FailureReason.UnreadableContent or FailureReason.CertificateUnknown)
                await Task.WhenAll(floor, head.Derived);
        }

        var (reply, word, reason, detail) = Describe(outcome);
        var elapsed = process.GetElapsedTime(started);
        var kind = ScepKind.Of(head.MessageType);
        metrics.Answered(profile.PathId, kind, word, reason, elapsed);
        trace.Ended(kind, word, reason);
        var issued = (outcome as EnrolmentOutcome.Issued)?.Certificate;
        var subject = issued?.Subject ?? (content as ScepContent.CertificationRequest)?.Csr.Subject.ToString();
        LogAnswered(
            kind, word, profile.PathId, reason, detail, subject, issued?.SerialNumber, head.TransactionId, origin.SourceAddress, origin.RequestId, elapsed.TotalMilliseconds);
        return profile.Codec.EncodeCertRep(head, reply);
    }

    private static ScepDecoding Decode(ScepProfile profile, ReadOnlyMemory<byte> message)
    {
        using var room = EnrolmentTrace.Room("Decode");
        return profile.Codec.Decode(message, profile.EnvelopePasswords);
    }

    private static EnrolmentContext Context(EnrolmentPolicy policy, ScepRequestHead head, RequestOrigin origin, DateTimeOffset now) => new()
    {
        Policy = policy,
        Protocol = ScepProtocol.Name,
        Issuer = head.ToNextCa ? policy.NextIssuer! : policy.Issuer,
        TransactionId = head.TransactionId,
        Requester = head.Signer ?? throw new InvalidOperationException("The codec let a message pass without a verified signer."),
        Origin = origin,
        ReceivedAt = now,
    };

    private static (ScepReply Reply, string Word, string? Reason, string? Detail) Describe(EnrolmentOutcome outcome) => outcome switch
    {
        EnrolmentOutcome.Issued(var certificate) => (new ScepReply.Success(certificate.Der), "issued", null, null),
        EnrolmentOutcome.Published(var crl) => (new ScepReply.CrlSuccess(crl.Der), "published", null, $"CRL {crl.Number}"),
        EnrolmentOutcome.Pending(var id) => (new ScepReply.Pending(), "pending", null, id.ToString()),
        EnrolmentOutcome.Refused(var failure) when FailureTable.Of(failure.Reason) is var row =>
            (new ScepReply.Failure(row.FailInfo, FailureTable.PublicText(failure)), "refused", row.Label, failure.Detail),
        _ => throw new InvalidOperationException("An outcome is one of four."),
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
        TransactionId transactionId,
        string? sourceAddress,
        string requestId,
        double durationMs);

    [LoggerMessage(2, LogLevel.Warning, "SCEP message is not a pkiMessage: {Detail}")]
    private partial void LogUnreadable(string pathId, string detail, string? sourceAddress, string requestId);
}
