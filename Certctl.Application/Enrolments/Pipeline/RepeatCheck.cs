using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>
/// Is it a new request? Asked where clients sign a request anew for each try. One that the journal knows is answered with what is stored,
/// and takes nothing of a budget that the stored one has spent or will spend. Where it could neither wait nor spend anything, the journal's
/// commit alone finds it: a query before each enrolment would cost as much as the commit.
/// </summary>
public sealed class RepeatCheck<TCommand, TOutcome>(IEnrolmentRepository enrolments, ICertificateProfileRepository profiles)
    : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.Identity is null || !await MattersAsync(context, cancellationToken))
            return null;
        var stored = await enrolments.FindByTransactionAsync(
            context.Policy.PathId, context.TransactionId, context.Requester.PublicKey.Sha256, cancellationToken);
        if (stored is null || !IsAnswer(stored, context.ReceivedAt))
            return null;
        context.Stored = stored;
        context.MarkRepeat();
        return null;
    }

    private async Task<bool> MattersAsync(EnrolmentContext context, CancellationToken cancellationToken)
    {
        if (context.Grant is { Reservation: not null } or { NeedsApproval: true } || context.Policy.Compliance.Asks)
            return true;
        var profile = await profiles.FindAsync(context.Policy.CertificateProfileId, fresh: false, cancellationToken);
        return profile is not { Enabled: true, RequiresApproval: false };
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
