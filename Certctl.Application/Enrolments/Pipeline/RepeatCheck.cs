using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// Is it a new request? Asked where clients sign a request anew for each try. One that the journal knows is answered with what is stored,
/// and takes nothing of a budget that the stored one has spent or will spend.
/// </summary>
public sealed class RepeatCheck<TCommand, TOutcome>(IEnrolmentRepository enrolments) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.Identity is null)
            return null;
        var stored = await enrolments.FindByTransactionAsync(
            context.Policy.PathId, context.TransactionId, context.Requester.PublicKey.Sha256, cancellationToken);
        if (stored is null || !IsAnswer(stored, context.ReceivedAt))
            return null;
        context.Stored = stored;
        context.MarkRepeat();
        return null;
    }

    private static bool IsAnswer(StoredEnrolment stored, DateTimeOffset now) => stored.State switch
    {
        EnrolmentState.Pending or EnrolmentState.Approved => true,
        EnrolmentState.Denied => now < stored.Enrolment.HeldUntil,
        EnrolmentState.Issued =>
            now < stored.Enrolment.HeldUntil && stored.Certificate is { IsRevoked: false } certificate && now < certificate.NotAfter,
        _ => false,
    };
}
