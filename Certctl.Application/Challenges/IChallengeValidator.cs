using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges;

/// <summary>
/// A kind of challenge as one endpoint takes it, with its own secrets, trust and limits. An endpoint's policy holds its kinds as a list;
/// the first one that recognises a challenge decides for good.
/// </summary>
public interface IChallengeValidator
{
    /// <summary>
    /// Judges the challenge of a request and leaves what the audit may say of it (<see cref="EnrolmentContext.Challenge"/>). Who signed the
    /// request is the signer check's question.
    /// </summary>
    ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken);

    /// <summary>The end of the audit action of a request with such a challenge, for example <c>_intune</c>; empty: none.</summary>
    string AuditSuffix => "";

    /// <summary>
    /// Whether a stored request came with a challenge of this kind. The poll that fetches what operators approved brings no challenge.
    /// </summary>
    bool HasJudged(Enrolment stored) => false;

    /// <summary>What the certificate of such a stored request reserves when it is issued; null: nothing.</summary>
    /// <param name="csr">The stored request: as it came, but for its challenge.</param>
    ChallengeReservation? ReservationOf(Enrolment stored, CertificateSigningRequest csr) => null;

    /// <summary>Counts a request with such a challenge that has ended.</summary>
    /// <param name="refusal">Null: its certificate was issued.</param>
    void Count(string pathId, FailureReason? refusal)
    {
    }
}

/// <summary>What a kind says of a challenge.</summary>
public abstract record ChallengeVerdict
{
    private ChallengeVerdict()
    {
    }

    public sealed record Vouched(ChallengeGrant Grant) : ChallengeVerdict;

    public sealed record Rejected(EnrolmentFailure Failure) : ChallengeVerdict
    {
        public Rejected(FailureReason reason, string detail)
            : this(new EnrolmentFailure(reason, detail))
        {
        }
    }

    /// <summary>It is of another kind: the next one is asked.</summary>
    /// <param name="Detail">What operators are told when no kind recognises the challenge; empty: nothing.</param>
    public sealed record Unrecognised(string Detail = "") : ChallengeVerdict;
}

/// <summary>What a kind leaves of a challenge that it judged, good or not, for audit and counters. Nothing in it is secret.</summary>
/// <param name="TokenSha256">32 octets that name the challenge; empty: it has no name.</param>
/// <param name="Claim">What it says of the device; null until that is verified, or where it says nothing.</param>
public sealed record PresentedChallenge(IChallengeValidator Kind, ReadOnlyMemory<byte> TokenSha256, DeviceClaim? Claim);

internal static class ChallengeKinds
{
    /// <summary>
    /// The verdict of the first kind that recognises the challenge: its refusal never falls through to a weaker kind. When none does,
    /// <see cref="ChallengeVerdict.Unrecognised"/> with the details of all.
    /// </summary>
    public static async ValueTask<ChallengeVerdict> JudgeAsync(
        this IEnumerable<IChallengeValidator> kinds, IssuanceCommand command, CancellationToken cancellationToken)
    {
        var details = "";
        foreach (var kind in kinds)
        {
            var verdict = await kind.ValidateAsync(command, cancellationToken);
            if (verdict is not ChallengeVerdict.Unrecognised(var detail))
                return verdict;
            details = details.Length == 0 || detail.Length == 0 ? details + detail : $"{details}; {detail}";
        }

        return new ChallengeVerdict.Unrecognised(details);
    }
}
