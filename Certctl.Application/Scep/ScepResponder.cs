using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep;

/// <summary>Handles one SCEP message: decodes it, chooses the command by messageType, has it run, encodes the reply.</summary>
public sealed partial class ScepResponder(
    EnrolmentRunner runner,
    IAuditRepository audit,
    EnrolmentMetrics metrics,
    DatabaseClock clock,
    TimeProvider process,
    ILogger<ScepResponder> logger)
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
        using var span = EnrolmentTrace.Message("ScepMessage", profile.PathId, origin.RequestId);
        var decoding = Decode(profile, message);
        if (decoding is ScepDecoding.Unreadable(var defect))
        {
            var failure = new EnrolmentFailure(FailureReason.MalformedRequest, defect);
            var unread = EnrolmentTrail.Unread(profile.Policy, origin, now, AuditAction.ScepMessage, failure);
            await audit.AppendRefusalAsync(unread, cancellationToken);
            metrics.Unreadable(profile.PathId);
            LogUnreadable(profile.PathId, defect, origin.SourceAddress, origin.RequestId);
            return null;
        }

        var (head, content) = (ScepDecoding.Readable)decoding;
        var request = new RequestDescription
        {
            Policy = profile.Policy,
            Origin = origin,
            ReceivedAt = now,
            Kind = ScepKind.Of(head.MessageType),
            Action = suffix => ScepDispatch.ActionOf(head.MessageType, suffix),
            TransactionId = head.TransactionId,
            Signer = head.Signer,
            StartedAt = started,
            Span = span,
            Floor = () => Task.WhenAll(floor, head.Derived),
            Logger = logger,
        };
        var outcome = content is ScepContent.Refused(var refusal)
            ? await runner.RefuseAsync(refusal, request, cancellationToken)
            : await runner.RunAsync(
                ScepDispatch.Command(profile, Context(request, head), head.MessageType, content), request, cancellationToken);
        return profile.Codec.EncodeCertRep(head, Reply(outcome));
    }

    private static ScepDecoding Decode(ScepProfile profile, ReadOnlyMemory<byte> message)
    {
        using var room = EnrolmentTrace.Room("Decode");
        return profile.Codec.Decode(message, profile.EnvelopePasswords);
    }

    private static EnrolmentContext Context(RequestDescription request, ScepRequestHead head) => new()
    {
        Policy = request.Policy,
        Protocol = ScepProtocol.Name,
        Issuer = head.ToNextCa ? request.Policy.NextIssuer! : request.Policy.Issuer,
        TransactionId = head.TransactionId,
        Requester = head.Signer ?? throw new InvalidOperationException("The codec let a message pass without a verified signer."),
        Origin = request.Origin,
        ReceivedAt = request.ReceivedAt,
    };

    private static ScepReply Reply(EnrolmentOutcome outcome) => outcome switch
    {
        EnrolmentOutcome.Issued(var certificate) => new ScepReply.Success(certificate.Der),
        EnrolmentOutcome.Published(var crl) => new ScepReply.CrlSuccess(crl.Der),
        EnrolmentOutcome.Pending => new ScepReply.Pending(),
        EnrolmentOutcome.Refused(var failure) =>
            new ScepReply.Failure(FailureTable.Of(failure.Reason).FailInfo, FailureTable.PublicText(failure)),
        _ => throw new InvalidOperationException("An outcome is one of four."),
    };

    [LoggerMessage(2, LogLevel.Warning, "SCEP message is not a pkiMessage: {Detail}")]
    private partial void LogUnreadable(string pathId, string detail, string? sourceAddress, string requestId);
}
