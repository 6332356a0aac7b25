using System.Diagnostics;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep.RawCsr;
using Certctl.Domain.Audit;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep;

/// <summary>How one SCEP message came.</summary>
/// <param name="ReceivedAt">As in <see cref="EnrolmentContext.ReceivedAt"/>.</param>
/// <param name="StartedAt">Timestamp of the process's clock.</param>
/// <param name="Span">Of the whole message; null where there is no listener.</param>
internal sealed record ScepArrival(RequestOrigin Origin, DateTimeOffset ReceivedAt, long StartedAt, Activity? Span);

/// <summary>
/// Handles one SCEP message: decodes it, chooses by what it is, has the command of its messageType run, encodes the reply.
/// </summary>
public sealed partial class ScepResponder(
    EnrolmentRunner runner,
    RawCsrResponder rawCsrs,
    IAuditRepository audit,
    EnrolmentMetrics metrics,
    DatabaseClock clock,
    TimeProvider process,
    ILogger<ScepResponder> logger)
{
    /// <summary>
    /// Answers a message; a pkiMessage with a CertRep. Throws when database or issuer fail: an outage is not a decision, and a CertRep
    /// FAILURE is one that clients may take as final.
    /// </summary>
    /// <param name="posted">
    /// It came in a body. A PKCS#10 in the clear is taken there alone, where the profile takes any: in a URL its challenge would be in
    /// every log on the way.
    /// </param>
    public async Task<ScepAnswer> AnswerAsync(
        ScepProfile profile, ReadOnlyMemory<byte> message, bool posted, RequestOrigin origin, CancellationToken cancellationToken)
    {
        // Begun now, so that its end does not depend on what the message costs (ADR 6).
        var floor = UnreadableContent.BeginFloor();
        var started = process.GetTimestamp();
        var now = await clock.NowAsync(cancellationToken);
        using var span = EnrolmentTrace.Message("ScepMessage", profile.PathId, origin.RequestId);
        var arrival = new ScepArrival(origin, now, started, span);
        return Decode(profile, message, takesRawCsr: posted && profile.AllowRawCsr) switch
        {
            ScepDecoding.RawCsr(var content) => await rawCsrs.AnswerAsync(profile, content, arrival, cancellationToken),
            ScepDecoding.PkiMessage(var head, var content) => await AnswerAsync(profile, head, content, arrival, floor, cancellationToken),
            ScepDecoding.Unreadable(var defect) => await RefuseAsync(profile, defect, arrival, cancellationToken),
            _ => throw new InvalidOperationException("A message is of one of three kinds."),
        };
    }

    private async Task<ScepAnswer> AnswerAsync(
        ScepProfile profile,
        ScepRequestHead head,
        ScepContent content,
        ScepArrival arrival,
        Task floor,
        CancellationToken cancellationToken)
    {
        var request = new RequestDescription
        {
            Protocol = ScepProtocol.Name,
            Policy = profile.Policy,
            Origin = arrival.Origin,
            ReceivedAt = arrival.ReceivedAt,
            Kind = ScepKind.Of(head.MessageType),
            Action = suffix => ScepDispatch.ActionOf(head.MessageType, suffix),
            TransactionId = head.TransactionId,
            Signer = head.Signer,
            StartedAt = arrival.StartedAt,
            Span = arrival.Span,
            Floor = () => Task.WhenAll(floor, head.Derived),
            Logger = logger,
        };
        var outcome = content is ScepContent.Refused(var refusal)
            ? await runner.RefuseAsync(refusal, request, cancellationToken)
            : await runner.RunAsync(
                ScepDispatch.Command(profile, Context(request, head), head.MessageType, content), request, cancellationToken);
        return new ScepAnswer.Message(profile.Codec.EncodeCertRep(head, Reply(outcome)));
    }

    private async Task<ScepAnswer> RefuseAsync(ScepProfile profile, string defect, ScepArrival arrival, CancellationToken cancellationToken)
    {
        var failure = new EnrolmentFailure(FailureReason.MalformedRequest, defect);
        var unread = EnrolmentTrail.Unread(
            new RequestPlace(ScepProtocol.Name, profile.Policy, arrival.Origin), arrival.ReceivedAt, AuditAction.ScepMessage, failure);
        await audit.AppendRefusalAsync(unread, cancellationToken);
        metrics.Unreadable(ScepProtocol.Name, profile.PathId);
        LogUnreadable(profile.PathId, defect, arrival.Origin.SourceAddress, arrival.Origin.RequestId);
        return new ScepAnswer.Unreadable("Not a SCEP pkiMessage.");
    }

    private static ScepDecoding Decode(ScepProfile profile, ReadOnlyMemory<byte> message, bool takesRawCsr)
    {
        using var step = EnrolmentTrace.StartStep("Decode");
        return profile.Codec.Decode(message, profile.EnvelopePasswords, takesRawCsr);
    }

    private static EnrolmentContext Context(RequestDescription request, ScepRequestHead head) => new()
    {
        Policy = request.Policy,
        Protocol = ScepProtocol.Name,
        Issuer = head.ToNextCa ? request.Policy.Issuers.Next! : request.Policy.Issuer,
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
