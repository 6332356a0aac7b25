using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// Is the grant fresh? An early answer: a challenge with one use belongs to the CSR that first used it, and the journal's commit is the
/// judge of who that was.
/// </summary>
public sealed class ReplayCacheBehavior<TCommand, TOutcome>(IEnrolmentRepository enrolments) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.Grant.Reservation is not { Use: { } use } reservation)
            return null;
        if (await enrolments.FindUseAsync(use, cancellationToken) is not { } spent)
            return null;
        if (!spent.IsBy(context.Policy.PathId, command.Csr.Sha256.Span))
            return reservation.Replayed(spent.EnrolmentId);

        // An honest retry of a lost reply.
        context.MarkRepeat();
        return null;
    }
}
