using Certctl.Domain.Enrolments;
using FluentValidation;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>Well formed? The rules stand beside each command; each carries the reason that it refuses with.</summary>
public sealed class ValidationBehavior<TCommand, TOutcome>(IEnumerable<IValidator<TCommand>> validators)
    : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : EnrolmentCommand
    where TOutcome : EnrolmentOutcome
{
    private readonly IValidator<TCommand>[] _validators = [.. validators];

    protected override ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        foreach (var validator in _validators)
        {
            if (validator.Validate(command).Errors is [var first, ..])
                return new(new EnrolmentFailure((FailureReason)first.CustomState, first.ErrorMessage));
        }

        return default;
    }
}
