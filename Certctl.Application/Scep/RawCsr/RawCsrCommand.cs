using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Scep.RawCsr;

/// <summary>A device asks for a certificate by a PKCS#10 in the clear (ADR 14). Its challengePassword must be right: there is no other way to vouch for it.</summary>
public sealed record RawCsrCommand(EnrolmentContext Context, CertificateSigningRequest Csr) : EnrolmentCommand(Context), IIssuanceCommand;

public sealed class RawCsrHandler(CertificateIssuance issuance) : IRequestHandler<RawCsrCommand, EnrolmentOutcome>
{
    public Task<EnrolmentOutcome> Handle(RawCsrCommand request, CancellationToken cancellationToken) =>
        issuance.IssueAsync(request, EnrolmentKind.RawCsr, cancellationToken);
}

public sealed class RawCsrValidator : AbstractValidator<RawCsrCommand>
{
    public RawCsrValidator() =>
        RuleFor(c => c.Csr)
            .Must(csr => csr.Subject is { IsEmpty: false } || csr.SubjectAltNames.Count > 0)
            .WithMessage("neither subject nor subject alternative name")
            .WithState(_ => FailureReason.SubjectNotAllowed);
}
