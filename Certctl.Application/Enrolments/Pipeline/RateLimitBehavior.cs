using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>Within its budget? An early answer, as cheap as refusing can be; the journal's commit counts.</summary>
public sealed class RateLimitBehavior<TCommand, TOutcome>(IEnrolmentRepository enrolments) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.IsRepeat || context.Grant.Reservation is not { Budget: { } budget } reservation)
            return null;
        return await enrolments.FindNextAllowedAsync(budget, cancellationToken) is { } from ? reservation.BudgetSpent(from) : null;
    }
}
