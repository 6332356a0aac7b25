using Certctl.Application.Challenges;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// Who vouches for it? Writes the grant. The kinds of the policy are asked in their order; the first that recognises the challenge decides.
/// </summary>
public sealed class ChallengeDispatchBehavior<TCommand, TOutcome> : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        switch (await context.Policy.Challenges.JudgeAsync(command, cancellationToken))
        {
            case ChallengeVerdict.Vouched vouched when context.Signer.Failure is null:
                context.Grant = WithRenewal(vouched.Grant, command);
                return null;
            case ChallengeVerdict.Vouched:
                return context.Signer.Failure;
            case ChallengeVerdict.Rejected rejected:
                return rejected.Failure;
            case ChallengeVerdict.Unrecognised when !command.BringsChallenge:
                return new EnrolmentFailure(FailureReason.ChallengeMissing, "no challengePassword attribute, or a blank one");
            case ChallengeVerdict.Unrecognised(var detail):
                return new EnrolmentFailure(FailureReason.ChallengeWrong, detail);
            default:
                throw new InvalidOperationException("A challenge verdict is one of three.");
        }
    }

    // Challenge and valid certificate: a new enrolment, unless the message says that it renews. With one that has ended it is a renewal
    // too, which the certificate profile may still grant.
    private static ChallengeGrant WithRenewal(ChallengeGrant grant, IssuanceCommand command) =>
        command.Context is { Signer: { Known: { } known } signer, ReceivedAt: var now } && (command.IsRenewal || now >= known.NotAfter)
            ? grant with { Kind = ChallengeKind.Renewal, VouchedBy = known.SerialNumber, Renews = known, FirstAsked = signer.FirstAsked }
            : grant;
}
