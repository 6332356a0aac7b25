using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>
/// A challenge that a connector signed for this device. Whatever has its shape is judged here and by no other kind: one that fails is never
/// compared with a shared secret.
/// </summary>
/// <param name="takesAll">
/// There are no other challenges: one that has not the shape of a signed one is malformed, and not of another kind.
/// </param>
public sealed class IntuneChallengeValidator(IntuneSettings settings, IntuneCounters counters, bool takesAll) : IChallengeValidator
{
    public ITrustAnchors Anchors => settings.Anchors;

    public string AuditSuffix => "_intune";

    public ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) =>
        new(command.Csr.ChallengePassword is { } presented && (takesAll || IntuneChallenge.HasShape(presented))
            ? Judge(presented, command)
            : new ChallengeVerdict.Unrecognised());

    public bool HasJudged(Enrolment stored) =>
        stored is { TokenSha256: not null, ChallengeKind: ChallengeKind.Intune or ChallengeKind.Renewal };

    public ChallengeReservation? ReservationOf(Enrolment stored, CertificateSigningRequest csr) =>
        stored is { ClaimSubject: { } subject, ClaimIssuer: { } issuer } ? Reservation(stored.PathId, subject, issuer) : null;

    public void Count(string pathId, FailureReason? refusal)
    {
        var label = refusal is { } reason ? FailureTable.Of(reason).Label : IntuneCounters.Success;
        if (IntuneCounters.Labels.Contains(label))
            counters.Count(pathId, label);
    }

    private ChallengeVerdict Judge(Secret presented, IssuanceCommand command)
    {
        var context = command.Context;
        var (token, claimed, failure) = IntuneChallenge.Verify(presented, settings, context.ReceivedAt);
        var claim = claimed is null ? null : new DeviceClaim(claimed.Issuer, claimed.Subject, claimed.DeviceName, token);
        context.Challenge = new PresentedChallenge(this, token, claim);
        if ((failure ?? IntuneChallenge.FindMismatch(claimed!, command.Csr)) is { } refused)
            return new ChallengeVerdict.Rejected(refused);
        return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Intune, claim!.Issuer)
        {
            Claim = claim,
            Reservation = Reservation(context.Policy.PathId, claim.Subject, claim.Issuer) with
            {
                // Its end and the tolerance for clocks: after that it would be refused as expired anyway.
                Use = ChallengeUse.Of(claim.Issuer, token, claimed!.ExpiresAt + settings.ClockSkew),
            },
        });
    }

    private ChallengeReservation Reservation(string pathId, string subject, string issuer) =>
        new(FailureReason.ChallengeReplayed, FailureReason.RateLimited)
        {
            Budget = settings.PerDeviceLimit > 0 ? DeviceBudget.Of(pathId, subject, issuer, settings.PerDeviceLimit) : null,
        };
}
