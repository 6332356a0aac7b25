using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Scep.GetCertInitial;

/// <summary>RFC 8894 §3.3.3 and §4.4: a device asks what became of its request.</summary>
public sealed record GetCertInitialCommand(EnrolmentContext Context) : EnrolmentCommand(Context);

public sealed class GetCertInitialHandler(IEnrolmentRepository enrolments, CertificateIssuance issuance)
    : IRequestHandler<GetCertInitialCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(GetCertInitialCommand request, CancellationToken cancellationToken)
    {
        var context = request.Context;

        // RFC 8894 §4.4: the transactionID finds the request. It is the client's choice,
        // so the key that signed the request must sign the poll too.
        var stored = await enrolments.FindByTransactionAsync(
            context.Policy.PathId, context.TransactionId, context.Requester.PublicKey.Sha256, cancellationToken);
        return stored is null
            ? new EnrolmentOutcome.Refused(
                FailureReason.TransactionUnknown, $"no request with this transactionID by the key of {context.Requester.Subject}")
            : await issuance.AnswerAsync(stored, context, cancellationToken);
    }
}

public sealed class GetCertInitialValidator : AbstractValidator<GetCertInitialCommand>
{
    public GetCertInitialValidator() =>
        RuleFor(c => c.Context.TransactionId.Value)
            .NotEmpty().MaximumLength(TransactionId.MaxLength)
            .WithState(_ => FailureReason.MalformedRequest);
}
