using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Scep.RenewalReq;

/// <summary>RFC 8894 §2.5 and §3.3.1: a device renews, signing with the certificate that it has.</summary>
public sealed record RenewalReqCommand(EnrolmentContext Context, CertificateSigningRequest Csr) : EnrolmentCommand(Context), IIssuanceCommand;

public sealed class RenewalReqHandler(CertificateIssuance issuance) : IRequestHandler<RenewalReqCommand, EnrolmentOutcome>
{
    public Task<EnrolmentOutcome> Handle(RenewalReqCommand request, CancellationToken cancellationToken) =>
        issuance.IssueAsync(request, EnrolmentKind.RenewalReq, cancellationToken);
}

public sealed class RenewalReqValidator : AbstractValidator<RenewalReqCommand>
{
    public RenewalReqValidator()
    {
        // RFC 8894 §2.3: a self-signed certificate proves nothing about whom it renews.
        RuleFor(c => c.Context.Requester)
            .Must(signer => !signer.IsSelfIssued)
            .WithMessage(c => $"renewal signed by the self-signed certificate {c.Context.Requester.Subject}")
            .WithState(_ => FailureReason.RenewalSignerUnknown);
    }
}
