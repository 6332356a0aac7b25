using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep.RawCsr;

/// <summary>Handles a PKCS#10 in the clear: recognises it, has it run, answers by what the HTTP status will say.</summary>
public sealed class RawCsrResponder(EnrolmentRunner runner, DatabaseClock clock, TimeProvider process, ILogger<RawCsrResponder> logger)
{
    /// <summary>
    /// Answers a message that is a PKCS#10 in the clear; null when it is none or when the profile takes none, and then nothing has happened. Throws when
    /// database or issuer fail.
    /// </summary>
    public async Task<RawCsrAnswer?> AnswerAsync(ScepProfile profile, ReadOnlyMemory<byte> message, RequestOrigin origin, CancellationToken cancellationToken)
    {
        if (!profile.AllowRawCsr || profile.Codec.ReadRawCsr(message) is not { } content)
            return null;
        using var span = EnrolmentTrace.Message("RawCsr", profile.PathId, origin.RequestId);
        var started = process.GetTimestamp();
        var csr = (content as ScepContent.CertificationRequest)?.Csr;
        var request = new RequestDescription
        {
            Policy = profile.Policy,
            Origin = origin,
            ReceivedAt = await clock.NowAsync(cancellationToken),
            Kind = ScepKind.RawCsr,
            Action = suffix => EnrolmentTrail.ActionOf(EnrolmentKind.RawCsr, suffix),
            TransactionId = csr is null ? null : TransactionId.Of(csr),
            StartedAt = started,
            Span = span,
            Logger = logger,
        };
        if (csr is not null)
        {
            var command = new IssuanceCommand(Context(request, csr), csr, EnrolmentKind.RawCsr);
            return Answer(await runner.RunAsync(command, request, cancellationToken), profile);
        }

        var failure = ((ScepContent.Refused)content).Failure;
        await runner.RefuseAsync(failure, request, cancellationToken);
        return new RawCsrAnswer.Unreadable(FailureTable.Of(failure.Reason).PublicText);
    }

    private static EnrolmentContext Context(RequestDescription request, CertificateSigningRequest csr) => new()
    {
        Policy = request.Policy,
        Protocol = ScepProtocol.Name,
        TransactionId = TransactionId.Of(csr),
        Requester = RequestSigner.Of(csr),
        Origin = request.Origin,
        ReceivedAt = request.ReceivedAt,
    };

    private static RawCsrAnswer Answer(EnrolmentOutcome outcome, ScepProfile profile) => outcome switch
    {
        EnrolmentOutcome.Issued(var certificate) =>
            new RawCsrAnswer.Issued(profile.Codec.EncodeCertificates([certificate.Der, .. profile.Policy.Issuer.Chain])),
        EnrolmentOutcome.Pending => new RawCsrAnswer.Pending(),
        EnrolmentOutcome.Refused(var failure) => new RawCsrAnswer.Refused(FailureTable.PublicText(failure)),
        _ => throw new InvalidOperationException("An outcome of a PKCS#10 is one of three."),
    };
}
