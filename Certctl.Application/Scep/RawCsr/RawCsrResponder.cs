using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Scep.RawCsr;

/// <summary>Handles a PKCS#10 in the clear: has it run, answers by what the HTTP status will say.</summary>
public sealed class RawCsrResponder(EnrolmentRunner runner, ILogger<RawCsrResponder> logger)
{
    /// <summary>Answers a PKCS#10 that <see cref="ScepResponder"/> has decoded. Throws when database or issuer fail.</summary>
    internal async Task<ScepAnswer> AnswerAsync(
        ScepProfile profile, ScepContent content, ScepArrival arrival, CancellationToken cancellationToken)
    {
        arrival.Span?.DisplayName = "RawCsr";
        var csr = (content as ScepContent.CertificationRequest)?.Csr;
        var request = new RequestDescription
        {
            Protocol = ScepProtocol.Name,
            Policy = profile.Policy,
            Origin = arrival.Origin,
            ReceivedAt = arrival.ReceivedAt,
            Kind = ScepKind.RawCsr,
            Action = suffix => EnrolmentTrail.ActionOf(EnrolmentKind.RawCsr, suffix),
            TransactionId = csr is null ? null : TransactionId.Of(csr),
            StartedAt = arrival.StartedAt,
            Span = arrival.Span,
            Logger = logger,
        };
        if (csr is not null)
        {
            var command = new IssuanceCommand(Context(request, csr), csr, EnrolmentKind.RawCsr);
            return Answer(await runner.RunAsync(command, request, cancellationToken), profile);
        }

        var failure = ((ScepContent.Refused)content).Failure;
        await runner.RefuseAsync(failure, request, cancellationToken);
        return new ScepAnswer.Unreadable(FailureTable.Of(failure.Reason).PublicText);
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

    private static ScepAnswer Answer(EnrolmentOutcome outcome, ScepProfile profile) => outcome switch
    {
        EnrolmentOutcome.Issued(var certificate) =>
            new ScepAnswer.Message(profile.Codec.EncodeCertificates([certificate.Der, .. profile.Policy.Issuer.Chain])),
        EnrolmentOutcome.Pending => new ScepAnswer.Pending(),
        EnrolmentOutcome.Refused(var failure) => new ScepAnswer.Refused(FailureTable.PublicText(failure)),
        _ => throw new InvalidOperationException("An outcome of a PKCS#10 is one of three."),
    };
}
