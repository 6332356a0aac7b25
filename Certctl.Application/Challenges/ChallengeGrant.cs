using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges;

/// <summary>Who vouched for the device. Written once by the challenge dispatcher, read by everything after it.</summary>
/// <param name="Kind">How: the word that journal and audit keep.</param>
/// <param name="VouchedBy">
/// Which secret, certificate or operator: <c>current</c>, <c>previous</c>, a serial number; never the secret itself.
/// </param>
public sealed record ChallengeGrant(ChallengeKind Kind, string VouchedBy)
{
    /// <summary>
    /// The certificate of ours that the request renews; the certificate profile says when and how. Null for a first one.
    /// </summary>
    public IssuedCertificate? Renews { get; init; }

    /// <summary>When the journal got this request for the first time, of one that it knows; null for a new one.</summary>
    public DateTimeOffset? FirstAsked { get; init; }

    /// <summary>Operators decide about the request, whatever the certificate profile asks for.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>What the challenge says of the device; null where it says nothing. A renewal may have one too.</summary>
    public DeviceClaim? Claim { get; init; }

    /// <summary>What the certificate reserves in the journal; null: nothing.</summary>
    public ChallengeReservation? Reservation { get; init; }
}

/// <summary>What a certificate on a challenge reserves in the journal, and how its kind refuses one that comes too late for it.</summary>
/// <param name="Replay">The reason where the challenge has been used for another request.</param>
/// <param name="OverBudget">The reason where the device has had its certificates.</param>
public sealed record ChallengeReservation(FailureReason Replay, FailureReason OverBudget)
{
    /// <summary>The one use that the challenge has; null: any number.</summary>
    public ChallengeUse? Use { get; init; }

    /// <summary>The budget of the device, of which the certificate takes one; null: no limit.</summary>
    public DeviceBudget? Budget { get; init; }

    /// <param name="by">The enrolment that has used it.</param>
    public EnrolmentFailure Replayed(Guid by) => new(Replay, $"the challenge was used by enrolment {by}, for another request");

    public EnrolmentFailure BudgetSpent(DateTimeOffset allowedFrom) =>
        new(OverBudget, $"the device has had {Budget!.Limit} certificates in 24 hours; the next is allowed at {allowedFrom:O}")
        {
            AllowedFrom = allowedFrom,
        };
}
