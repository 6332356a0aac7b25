using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Enrolments;

/// <summary>
/// A device asks for a certificate. The checks that touch state apply to this command alone; it is not sealed because it is their
/// constraint.
/// </summary>
public record IssuanceCommand(EnrolmentContext Context, CertificateSigningRequest Csr, EnrolmentKind Kind) : EnrolmentCommand(Context);

public sealed class IssuanceHandler(CertificateIssuance issuance) : IRequestHandler<IssuanceCommand, EnrolmentOutcome>
{
    public Task<EnrolmentOutcome> Handle(IssuanceCommand request, CancellationToken cancellationToken) =>
        issuance.IssueAsync(request, cancellationToken);
}

public sealed class IssuanceValidator : AbstractValidator<IssuanceCommand>
{
    public IssuanceValidator()
    {
        ClassLevelCascadeMode = CascadeMode.Stop;

        // A renewal may leave the names out: the certificate profile compares them with those of the certificate that it renews.
        RuleFor(c => c)
            .Must(c => c.Csr.Subject is { IsEmpty: false } || c.Csr.SubjectAltNames.Count > 0)
            .WithMessage("neither subject nor subject alternative name")
            .WithState(_ => FailureReason.SubjectNotAllowed)
            .When(c => c.Kind != EnrolmentKind.RenewalReq);

        // RFC 8894 §2.3: the throw-away certificate of a first enrolment is made with the key that is to be certified. Its subject may be
        // anything.
        RuleFor(c => c)
            .Must(c => !c.Context.Requester.IsSelfIssued || c.Context.Requester.PublicKey.Der.Span.SequenceEqual(c.Csr.PublicKey.Der.Span))
            .WithMessage(c => $"self-signed signer {c.Context.Requester.Subject} holds another key than the request")
            .WithState(_ => FailureReason.SignerKeyMismatch)
            .When(c => c.Kind == EnrolmentKind.PkcsReq);

        // RFC 8894 §2.3: a self-signed certificate proves nothing about whom it renews.
        RuleFor(c => c.Context.Requester)
            .Must(requester => !requester.IsSelfIssued)
            .WithMessage(c => $"renewal signed by the self-signed certificate {c.Context.Requester.Subject}")
            .WithState(_ => FailureReason.RenewalSignerUnknown)
            .When(c => c.Kind == EnrolmentKind.RenewalReq);
    }
}
