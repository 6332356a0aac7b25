using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolments;

/// <summary>
/// Approve, sign, record: what every request that was vouched for goes through, once or again when a reply was lost. For an issuer outside
/// of this process a reservation comes before the signature (ADR 37).
/// </summary>
public sealed partial class CertificateIssuance(
    ICertificateProfileRepository profiles,
    IEnrolmentRepository enrolments,
    IEnrolmentJournal journal,
    IReservations reservations,
    ReservationTimes times,
    ICsrReader csrs,
    EnrolmentMetrics metrics,
    DatabaseClock clock,
    TimeProvider process)
{
    /// <summary>
    /// An operator may change the profile while a request is on its way; more often than this in one request is no accident.
    /// </summary>
    private const int MaxAttempts = 3;

    /// <summary>
    /// Answers a vetted request: with a new certificate, with the one already given for it, or with a place in the operator's queue.
    /// </summary>
    public async Task<EnrolmentOutcome> IssueAsync(IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var enrolment = NewEnrolment(command);

        // Who is granted a renewal has signed with the certificate that it renews.
        var renewal = context.Grant.Renews is { } renews
            ? new RenewalClaim(renews, context.Grant.FirstAsked ?? context.ReceivedAt)
            {
                Subject = context.Requester.Subject,
                MayChangeNames = context.Policy.Limits.RenewalMayChangeName,
            }
            : null;
        var key = RequestKey.Of(context, command.Kind, command.Csr, context.Grant.Renews);
        var draft = new Draft(context, command.Csr, enrolment, key, renewal, context.Grant.Reservation);
        return await CommitAsync(draft, stored => AnswerRepetitionAsync(stored, draft, cancellationToken), cancellationToken);
    }

    /// <summary>Commits under the first key of the request that is free, or answers with what is stored under one.</summary>
    /// <param name="answer">What the stored enrolment says to this request; null: nothing, and the next key is tried.</param>
    private async Task<EnrolmentOutcome> CommitAsync(
        Draft draft, Func<StoredEnrolment, Task<EnrolmentOutcome?>> answer, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var (outcome, stored) = await AttemptAsync(draft, cancellationToken);
            if (stored is null)
                return outcome!;
            if (await answer(stored) is { } answered)
                return answered;
            draft = draft with { RequestKey = RequestKey.After(draft.RequestKey, stored.Enrolment.Id) };
        }

        return new EnrolmentOutcome.Refused(
            FailureReason.CertificateRevoked, $"{MaxAttempts} answers that this request had are none any more");
    }

    private async Task<EnrolmentOutcome?> AnswerRepetitionAsync(StoredEnrolment stored, Draft draft, CancellationToken cancellationToken)
    {
        var context = draft.Context;
        if (FindEnd(stored, draft) is not { } end)
        {
            var answer = await AnswerAsync(stored, context, cancellationToken);

            // Nothing comes of it any more, so operators are asked about the names of today.
            // A challenge with one use is bound to the request that used it.
            return answer is EnrolmentOutcome.Refused { Failure.Reason: FailureReason.ApprovedNamesChanged }
                && draft.Reservation?.Use is null && context.Grant.FirstAsked is null
                    ? null
                    : answer;
        }

        // A challenge with one use has brought its certificate, and a signer that may only repeat itself has had its answer.
        if (draft.Reservation is { Use: not null } reservation)
            return new EnrolmentOutcome.Refused(reservation.Replayed(stored.Enrolment.Id));
        return context.Grant.FirstAsked is not null
            ? new EnrolmentOutcome.Refused(FailureReason.RenewalSignerExpired, $"the answer to this request, {end}")
            : null;
    }

    /// <summary>Why what is stored is no answer to this request any more; null when it is one.</summary>
    private static string? FindEnd(StoredEnrolment stored, Draft draft)
    {
        if (stored.Certificate is not { } certificate)
            return null;
        var context = draft.Context;
        var renews = draft.Renewal is not null || RequestKey.IsByGivenCertificate(context, draft.Csr.PublicKey.Sha256.Span);

        // RFC 8894 §2.5: who signs with it has it, and asks for another.
        if (context.Requester.CertificateDer.Span.SequenceEqual(certificate.Der))
            return $"{certificate.SerialNumber}, has signed it";
        if (certificate.NotAfter <= context.ReceivedAt)
            return $"{certificate.SerialNumber}, ended at {certificate.NotAfter:O}";
        return renews && certificate.IsRevoked ? $"{certificate.SerialNumber}, was revoked at {certificate.RevokedAt:O}" : null;
    }

    /// <summary>Says what a stored request has come to (RFC 8894 §4.4); one that an operator has approved is issued now.</summary>
    public async Task<EnrolmentOutcome> AnswerAsync(StoredEnrolment stored, EnrolmentContext context, CancellationToken cancellationToken)
    {
        switch (stored.State)
        {
            case EnrolmentState.Issued when stored.Certificate is { IsRevoked: true } revoked:
                return new EnrolmentOutcome.Refused(
                    FailureReason.CertificateRevoked, $"{revoked.SerialNumber} was revoked at {revoked.RevokedAt:O}");
            case EnrolmentState.Issued:
                return new EnrolmentOutcome.Issued(stored.Certificate
                    ?? throw new InvalidOperationException(
                        $"Enrolment {stored.Enrolment.Id} is issued, but its certificate is not in the journal."));
            case EnrolmentState.Pending:
                return new EnrolmentOutcome.Pending(stored.Enrolment.Id);
            case EnrolmentState.Denied when stored.Enrolment.IssuerId is { } refusing:
                return new EnrolmentOutcome.Refused(
                    FailureReason.IssuerRefused, $"{refusing} refused enrolment {stored.Enrolment.Id} before");
            case EnrolmentState.Denied:
                return new EnrolmentOutcome.Refused(
                    FailureReason.RequestDenied, $"denied by {stored.Enrolment.DecidedBy} at {stored.Enrolment.DecidedAt:O}");
            case EnrolmentState.Expired when stored.Enrolment.IsReserved:
                return new EnrolmentOutcome.Refused(
                    FailureReason.IssuerUnanswered,
                    $"{stored.Enrolment.IssuerId} has not answered enrolment {stored.Enrolment.Id} until {stored.Enrolment.HeldUntil:O}");
            case EnrolmentState.Expired:
                return new EnrolmentOutcome.Refused(FailureReason.RequestExpired, $"undecided until {stored.Enrolment.HeldUntil:O}");
            case EnrolmentState.Approved when stored.Enrolment.IsReserved:
                return await ResumeAsync(stored.Enrolment, context, cancellationToken);
            case EnrolmentState.Approved:
                return await CompleteAsync(stored.Enrolment, context, cancellationToken);
            default:
                throw new InvalidOperationException($"Enrolment {stored.Enrolment.Id} is in no known state.");
        }
    }

    private async Task<EnrolmentOutcome> CompleteAsync(Enrolment approved, EnrolmentContext context, CancellationToken cancellationToken)
    {
        var draft = await DraftOfAsync(approved, context, cancellationToken);
        if (FindRevokedSigner(draft) is { } refused)
            return refused;

        // Its own: of two polls at once the other one was faster. That of another enrolment is no answer: this one has a key further on,
        // as it had when it came.
        return await CommitAsync(
            draft,
            async stored => stored.Enrolment.Id == approved.Id ? await AnswerAsync(stored, context, cancellationToken) : null,
            cancellationToken);
    }

    private async Task<(EnrolmentOutcome? Outcome, StoredEnrolment? Conflict)> AttemptAsync(
        Draft draft, CancellationToken cancellationToken)
    {
        var (context, _, enrolment, _, _, reservation, completes) = draft;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // A request that waited keeps the profile that was approved, whatever its path names by now. A stale profile costs one retry:
            // the journal compares the version when it commits.
            var profile = await profiles.FindAsync(enrolment.ProfileId, fresh: attempt > 0, cancellationToken);
            var vetting = Vet(draft, profile);
            if (vetting.Refused is { } refused)
                return (new EnrolmentOutcome.Refused(refused), null);
            var template = vetting.Template!;

            // Before anyone is asked to approve, and before anything is reserved: an operator cannot talk the CA into it.
            var waits = !completes && (profile!.RequiresApproval || context.Grant.NeedsApproval);
            var answer = waits || context.Issuer is not ISignsInProcess signer
                ? Foresee(context.Issuer, template)
                : await SignAsync(signer, context, template, cancellationToken);
            if (answer is IssuerAnswer.Refused(var objection))
                return (new EnrolmentOutcome.Refused(objection), null);

            var certificate = (answer as IssuerAnswer.Issued)?.Certificate;
            var named = draft with { Enrolment = enrolment.Named(template) };
            var entry = Entry(named, certificate, waits, profile, await clock.NowAsync(cancellationToken));
            switch (await WriteAsync(entry, cancellationToken))
            {
                case JournalVerdict.Committed when waits:
                    return (new EnrolmentOutcome.Pending(enrolment.Id), null);
                case JournalVerdict.Committed when certificate is null:
                    var reserved = draft with { Enrolment = entry.Enrolment, Completes = true };
                    return (await SignReservedAsync((ISignsElsewhere)context.Issuer, reserved, template, cancellationToken), null);
                case JournalVerdict.Committed:
                    return (Issued(certificate, draft), null);
                case JournalVerdict.AlreadyAnswered answered:
                    return (null, answered.Stored);
                case JournalVerdict.Replayed replayed:
                    return (new EnrolmentOutcome.Refused(reservation!.Replayed(replayed.EnrolmentId)), null);
                case JournalVerdict.BudgetSpent spent:
                    return (new EnrolmentOutcome.Refused(reservation!.BudgetSpent(spent.AllowedFrom)), null);
            }
        }

        return (
            new EnrolmentOutcome.Refused(
                FailureReason.ProfileUnavailable, "the certificate profile kept changing while the request was served"), null);
    }

    /// <summary>What the certificate is to be, by the profile as it is now; or why there is none.</summary>
    private static (CertificateTemplate? Template, EnrolmentFailure? Refused) Vet(Draft draft, CertificateProfile? profile)
    {
        var (context, csr, enrolment, _, renewal, _, completes) = draft;
        if (profile is null)
            return (null, new(FailureReason.ProfileUnavailable, $"certificate profile {enrolment.ProfileId} does not exist"));

        // RFC 5280 §4.1.2.5: validity lies within the issuer's.
        if (context.Issuer.NotAfter <= context.ReceivedAt + TimeSpan.FromMinutes(1))
            return (null, new(FailureReason.ValidityNotPossible, $"the CA ends at {context.Issuer.NotAfter:O}"));

        var approval = profile.Approve(csr, context.Policy.Limits.LeafValidity, context.ReceivedAt, renewal, ClaimOf(enrolment));
        if (approval is Approval.Denied denied)
            return (null, denied.Failure);

        if (FindDeliveryDefect(csr, enrolment.Kind) is { } undeliverable)
            return (null, undeliverable);

        var template = ((Approval.Granted)approval).Template;
        var named = enrolment.Named(template);

        // An operator approved the names that the list showed, not those that a template of today makes.
        return completes && !named.HasNamesOf(enrolment)
            ? (null, new(
                FailureReason.ApprovedNamesChanged,
                $"approved was {Names(enrolment)}, the certificate profile now makes it {Names(named)}"))
            : (template, null);
    }

    private static IssuerAnswer.Refused? Foresee(ICertificateIssuer issuer, CertificateTemplate template) =>
        (issuer as IForeseesRefusal)?.FindObstacle(template) is { } obstacle ? new IssuerAnswer.Refused(obstacle) : null;

    private static EnrolmentOutcome.Issued Issued(IssuedCertificate certificate, Draft draft)
    {
        draft.Context.KindOf(draft.Enrolment)?.Count(draft.Context.Policy.PathId, refusal: null);
        return new EnrolmentOutcome.Issued(certificate);
    }

    // RFC 8894 §3.1: the certified key signs the next renewal, whose reply is encrypted to it.
    // A PKCS#10 in the clear is answered over TLS and never renews by its key.
    private static EnrolmentFailure? FindDeliveryDefect(CertificateSigningRequest csr, EnrolmentKind kind) =>
        !kind.IsAnsweredInEnvelope() || csr.PublicKey.CanReceiveEnvelopes
            ? null
            : new(FailureReason.RequesterCannotReceive,
                $"the request's key is {csr.PublicKey.Describe()}, to which the reply to its renewal could not be encrypted");

    private static string Names(Enrolment enrolment) =>
        $"{enrolment.Subject} [{string.Join(", ", enrolment.SubjectAltNames)}]";

    // As the journal keeps it, so that a request that waited is judged by what it came with.
    private static DeviceClaim? ClaimOf(Enrolment enrolment) => enrolment is { ClaimIssuer: { } issuer, ClaimSubject: { } subject }
        ? new DeviceClaim(issuer, subject, enrolment.DeviceName, enrolment.TokenSha256)
        : null;

    private static async Task<IssuerAnswer> SignAsync(
        ISignsInProcess signer, EnrolmentContext context, CertificateTemplate template, CancellationToken cancellationToken)
    {
        using var step = EnrolmentTrace.StartStep("Sign");
        var answer = await signer.SignAsync(template, context.Policy.PathId, context.Protocol, cancellationToken);
        return answer is not IssuerAnswer.Pending
            ? answer
            : throw new InvalidOperationException($"Issuer {signer.IssuerId} signs in this process and answered that it decides later.");
    }

    private async Task<JournalVerdict> WriteAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        using var step = EnrolmentTrace.StartStep("Journal");
        var started = process.GetTimestamp();
        var verdict = await journal.CommitAsync(entry, cancellationToken);
        metrics.Committed(process.GetElapsedTime(started));
        return verdict;
    }
}
