using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Scep.PkcsReq;

/// <summary>RFC 8894 §3.3.1: a device asks for a certificate.</summary>
public sealed record PkcsReqCommand(EnrolmentContext Context, CertificateSigningRequest Csr) : EnrolmentCommand(Context), IIssuanceCommand;

public sealed class PkcsReqHandler(CertificateIssuance issuance) : IRequestHandler<PkcsReqCommand, EnrolmentOutcome>
{
    public Task<EnrolmentOutcome> Handle(PkcsReqCommand request, CancellationToken cancellationToken) =>
        issuance.IssueAsync(request, EnrolmentKind.PkcsReq, cancellationToken);
}

public sealed class PkcsReqValidator : AbstractValidator<PkcsReqCommand>
{
    public PkcsReqValidator()
    {
        ClassLevelCascadeMode = CascadeMode.Stop;

        RuleFor(c => c)
            .Must(c => c.Csr.Subject is { IsEmpty: false } || c.Csr.SubjectAltNames.Count > 0)
            .WithMessage("neither subject nor subject alternative name")
            .WithState(_ => FailureReason.SubjectNotAllowed);

        // RFC 8894 §2.3: the throw-away certificate of a first enrolment is made with the key that is to be certified. Its subject may be anything.
        RuleFor(c => c)
            .Must(c => !c.Context.Requester.IsSelfIssued || c.Context.Requester.PublicKey.Der.Span.SequenceEqual(c.Csr.PublicKey.Der.Span))
            .WithMessage(c => $"self-signed signer {c.Context.Requester.Subject} holds another key than the request")
            .WithState(_ => FailureReason.SignerKeyMismatch);
    }
}
