using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>Who vouches for it? Writes the grant. The first validator that claims the request decides; its "no" never falls through to a weaker one.</summary>
public sealed class ChallengeDispatchBehavior<TCommand, TOutcome>(IEnumerable<IChallengeValidator> validators) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    private readonly IChallengeValidator[] _validators = [.. validators];

    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var validator = _validators.First(v => v.Handles(command));
        switch (await validator.ValidateAsync(command, cancellationToken))
        {
            case ChallengeVerdict.Vouched vouched when context.Signer.Failure is null:
                context.Grant = WithEndedSigner(vouched.Grant, context);
                return null;
            case ChallengeVerdict.Vouched:
                return context.Signer.Failure;
            case ChallengeVerdict.Rejected rejected:
                return rejected.Failure;
            default:
                throw new InvalidOperationException("A challenge verdict is one of two.");
        }
    }

    // Challenge and valid certificate: a new enrolment. With one that has ended it is a renewal, which the certificate profile may still grant.
    private static ChallengeGrant WithEndedSigner(ChallengeGrant grant, EnrolmentContext context) =>
        context.Signer.Known is { } known && context.ReceivedAt >= known.NotAfter
            ? grant with { Kind = ChallengeKind.Renewal, VouchedBy = known.SerialNumber, Renews = known }
            : grant;
}
