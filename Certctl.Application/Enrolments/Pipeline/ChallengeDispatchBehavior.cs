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
        var validator = _validators.First(v => v.Handles(command));
        switch (await validator.ValidateAsync(command, cancellationToken))
        {
            case ChallengeVerdict.Vouched vouched:
                command.Context.Grant = vouched.Grant;
                return null;
            case ChallengeVerdict.Rejected rejected:
                return rejected.Failure;
            default:
                throw new InvalidOperationException("A challenge verdict is one of two.");
        }
    }
}
