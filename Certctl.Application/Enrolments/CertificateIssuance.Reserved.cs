using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;

namespace Certctl.Application.Enrolments;

/// <summary>What is reserved at an issuer outside of this process: sign and record, or find out what became of it (ADR 37).</summary>
public sealed partial class CertificateIssuance
{
    private async Task<EnrolmentOutcome> ResumeAsync(Enrolment reserved, EnrolmentContext context, CancellationToken cancellationToken)
    {
        if (context.Issuer is not ISignsElsewhere issuer || issuer.IssuerId != reserved.IssuerId)
        {
            return new EnrolmentOutcome.Refused(
                FailureReason.IssuerUnanswered,
                $"enrolment {reserved.Id} is reserved at {reserved.IssuerId}, which this endpoint does not ask any more");
        }

        return await SignReservedAsync(issuer, await DraftOfAsync(reserved, context, cancellationToken), null, cancellationToken);
    }

    /// <summary>
    /// Has a reservation signed and records the certificate; Pending while another process does so, or the issuer takes its time.
    /// </summary>
    /// <param name="template">Null for one that is resumed: it is vetted anew if the issuer has to be asked.</param>
    private async Task<EnrolmentOutcome> SignReservedAsync(
        ISignsElsewhere issuer, Draft draft, CertificateTemplate? template, CancellationToken cancellationToken)
    {
        var id = draft.Enrolment.Id;

        // Counted from before the lease is taken, and by a clock that is not set: the issuer is not asked after the lease.
        using var deadline = new CancellationTokenSource(times.AnswerWithin, process);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        if (await reservations.TakeAsync(id, times.Length, cancellationToken) is not { } held)
            return new EnrolmentOutcome.Pending(id);
        IssuerAnswer? answer;
        EnrolmentOutcome? refused;
        try
        {
            (answer, refused) = await AskAsync(issuer, held, draft, template, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // It may still sign: the device's next question finds out.
            return new EnrolmentOutcome.Pending(id);
        }

        return refused ?? await SettleAsync(answer, held, draft, cancellationToken);
    }

    /// <summary>The issuer's answer, null where it cannot tell what became of an earlier question; or why it is not asked.</summary>
    private async Task<(IssuerAnswer? Answer, EnrolmentOutcome? Refused)> AskAsync(
        ISignsElsewhere issuer, HeldReservation held, Draft draft, CertificateTemplate? template, CancellationToken cancellationToken)
    {
        using var step = EnrolmentTrace.StartStep("Sign");
        if (held.WasAsked)
        {
            // An issuer that cannot tell is not asked to sign again: it may have signed.
            if (issuer is not IRecallsRequests memory)
                return (null, null);
            if (await memory.RecallAsync(held.Enrolment, cancellationToken) is { } recalled)
                return (recalled, null);
        }

        if (template is null)
        {
            var vetted = draft with { Enrolment = held.Enrolment };
            if (FindRevokedSigner(vetted) is { } revoked)
                return (null, revoked);
            var profile = await profiles.FindAsync(held.Enrolment.ProfileId, fresh: true, cancellationToken);
            (template, var refused) = Vet(vetted, profile);

            // The rule may have come while the issuer was away: what no operator has seen is not signed under it.
            if (refused is null && profile!.RequiresApproval && held.Enrolment.DecidedAt is null)
            {
                refused = new(
                    FailureReason.ProfileUnavailable,
                    $"certificate profile {profile.Id} asks for an approval now, which enrolment {held.Enrolment.Id} does not have");
            }

            if (refused is not null)
                return (null, new EnrolmentOutcome.Refused(refused));
        }

        cancellationToken.ThrowIfCancellationRequested();
        return (await issuer.RequestAsync(held.Enrolment, template!, cancellationToken), null);
    }

    private async Task<EnrolmentOutcome> SettleAsync(
        IssuerAnswer? answer, HeldReservation held, Draft draft, CancellationToken cancellationToken)
    {
        switch (answer)
        {
            case IssuerAnswer.Issued(var certificate):
                return await RecordAsync(certificate, draft with { Enrolment = held.Enrolment }, cancellationToken);
            case IssuerAnswer.Pending(var reference):
                await reservations.KeepAsync(held, reference, cancellationToken);
                return new EnrolmentOutcome.Pending(held.Enrolment.Id);
            case IssuerAnswer.Refused(var failure):
                await reservations.RefuseAsync(held, cancellationToken);
                return new EnrolmentOutcome.Refused(failure);
            default:
                return new EnrolmentOutcome.Pending(held.Enrolment.Id);
        }
    }

    private async Task<EnrolmentOutcome> RecordAsync(IssuedCertificate certificate, Draft draft, CancellationToken cancellationToken)
    {
        var reserved = draft.Enrolment;
        if (certificate.IssuerId != reserved.IssuerId || !certificate.PublicKeySha256.AsSpan().SequenceEqual(reserved.PublicKeySha256))
        {
            throw new InvalidOperationException(
                $"{reserved.IssuerId} answered enrolment {reserved.Id} with certificate {certificate.SerialNumber} "
                + $"of {certificate.IssuerId} for another key.");
        }

        // Null where an operator deleted it meanwhile: what is signed is recorded all the same.
        var profile = await profiles.FindAsync(reserved.ProfileId, fresh: false, cancellationToken);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var entry = Entry(draft, certificate, waits: false, profile, await clock.NowAsync(cancellationToken));

            // Its claims were committed with the reservation.
            switch (await WriteAsync(entry with { Records = true, Budget = null }, cancellationToken))
            {
                case JournalVerdict.Committed:
                    return Issued(certificate, draft);
                case JournalVerdict.AlreadyAnswered(var stored) when stored.Enrolment.Id != reserved.Id:
                    draft = draft with { RequestKey = RequestKey.After(draft.RequestKey, stored.Enrolment.Id) };
                    break;
                case JournalVerdict.AlreadyAnswered(var stored):
                    throw new InvalidOperationException(
                        $"{reserved.IssuerId} signed {certificate.SerialNumber} for enrolment {reserved.Id}, "
                        + $"which is {stored.State} with {stored.Enrolment.SerialNumber}.");
                case var verdict:
                    throw new InvalidOperationException($"The journal answered a certificate of a reservation with {verdict}.");
            }
        }

        throw new InvalidOperationException(
            $"The request keys of enrolment {reserved.Id} were all taken: certificate {certificate.SerialNumber} is not recorded.");
    }

    /// <summary>A stored request that is to be issued.</summary>
    private async Task<Draft> DraftOfAsync(Enrolment stored, EnrolmentContext context, CancellationToken cancellationToken)
    {
        var csr = csrs.ReadKept(stored.Csr)
            ?? throw new InvalidOperationException($"The stored request of enrolment {stored.Id} cannot be read any more.");
        RenewalClaim? renewal = null;
        if (stored.ChallengeKind == ChallengeKind.Renewal)
        {
            var renews = await enrolments.FindCertificateAsync(context.Policy.Issuer.IssuerId, stored.VouchedBy, cancellationToken)
                ?? throw new InvalidOperationException($"The certificate that vouched for enrolment {stored.Id} is not in the journal.");
            renewal = new RenewalClaim(renews, stored.CreatedAt)
            {
                Subject = context.Requester.CertificateDer.Span.SequenceEqual(renews.Der) ? context.Requester.Subject : null,
                MayChangeNames = context.Policy.Limits.RenewalMayChangeName,
            };
        }

        var key = RequestKey.Of(context, stored, renewal?.Renews);
        return new Draft(context, csr, stored, key, renewal, context.KindOf(stored)?.ReservationOf(stored, csr), Completes: true);
    }

    // What vouched for the request while it waited must still be able to; that it ended meanwhile is not the device's fault.
    private static EnrolmentOutcome.Refused? FindRevokedSigner(Draft draft) => draft.Renewal?.Renews is { IsRevoked: true } renews
        ? new EnrolmentOutcome.Refused(FailureReason.RenewalSignerRevoked, $"{renews.SerialNumber} was revoked at {renews.RevokedAt:O}")
        : null;
}
