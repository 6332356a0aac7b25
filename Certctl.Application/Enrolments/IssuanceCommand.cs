using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Enrolments;

/// <summary>
/// A device asks for a certificate. The checks that touch state apply to this command alone; it is not sealed because it is their
/// constraint.
/// </summary>
public record IssuanceCommand(EnrolmentContext Context, CertificateSigningRequest Csr, EnrolmentKind Kind) : EnrolmentCommand(Context)
{
    /// <summary>
    /// RFC 8894 §2.3: the signature by a certificate of ours is to authorise it. Every RenewalReq, and a request without challengePassword
    /// that was not signed by a self-signed certificate: Apple, Cisco, sscep and jscep renew that way.
    /// </summary>
    public virtual bool IsRenewal => Kind.IsRenewal() || (Csr.ChallengePassword is null && !Context.Requester.IsSelfIssued);

    /// <summary>Something vouches for it beside its signer: the challengePassword, or what the protocol has for it.</summary>
    public virtual bool BringsChallenge => Csr.ChallengePassword is not null;
}

public sealed class IssuanceHandler(CertificateIssuance issuance) : IRequestHandler<IssuanceCommand, EnrolmentOutcome>
{
    public Task<EnrolmentOutcome> Handle(IssuanceCommand request, CancellationToken cancellationToken) =>
        issuance.IssueAsync(request, cancellationToken);
}

public sealed class IssuanceValidator : AbstractValidator<IssuanceCommand>
{
    // A renewal may leave the names out: the certificate profile compares them with those of the certificate that it renews.
    public IssuanceValidator() =>
        RuleFor(c => c)
            .Must(c => c.Csr.Subject is { IsEmpty: false } || c.Csr.SubjectAltNames.Count > 0)
            .WithMessage("neither subject nor subject alternative name")
            .WithState(_ => FailureReason.SubjectNotAllowed)
            .When(c => c.Kind != EnrolmentKind.RenewalReq);
}
