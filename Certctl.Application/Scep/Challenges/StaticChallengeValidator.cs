using Certctl.Application.Enrolment;
using Certctl.Application.Enrolment.Pipeline;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Scep.Challenges;

/// <summary>RFC 8894 §2.4: the profile's shared secret as challengePassword, the current one or, while it is being replaced, the one before.</summary>
public sealed class StaticChallengeValidator(IEnrolmentRepository enrolments) : IChallengeValidator
{
    public bool Handles(IIssuanceCommand command) => true;

    public async Task<ChallengeVerdict> ValidateAsync(IIssuanceCommand command, CancellationToken cancellationToken)
    {
        var verdict = Validate(command.Context.Profile, command.Csr.ChallengePassword);
        return verdict is ChallengeVerdict.Vouched vouched ? await JudgeSignerAsync(vouched, command, cancellationToken) : verdict;
    }

    // RFC 8894 §2.3: the request is signed with the key that is to be certified, or with that of a certificate of ours. Else whoever caught an envelope could
    // sign it anew and be sent a certificate on its challenge. Which names a stranger's certificate carries proves nothing: he wrote them.
    private async Task<ChallengeVerdict> JudgeSignerAsync(ChallengeVerdict.Vouched vouched, IIssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.Signer.PublicKey.Der.Span.SequenceEqual(command.Csr.PublicKey.Der.Span))
            return vouched;
        if (await KnownSigner.FindAsync(enrolments, context, cancellationToken) is not { } known)
            return new ChallengeVerdict.Rejected(FailureReason.SignerKeyMismatch, $"signer {context.Signer.Subject} holds another key than the request and is none of ours");
        if (KnownSigner.Judge(known, context) is { } failure)
            return new ChallengeVerdict.Rejected(failure);

        // Challenge and valid certificate: a new enrolment. With one that has ended it is a renewal, which the certificate profile may still grant.
        if (context.ReceivedAt < known.NotAfter)
            return vouched;
        return KnownSigner.FindNameChange(known, command) is { } change
            ? new ChallengeVerdict.Rejected(change)
            : new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber, known));
    }

    internal static ChallengeVerdict Validate(ScepProfile profile, Secret? presented)
    {
        if (presented is null)
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeMissing, "no challengePassword attribute, or a blank one");

        // Both are compared whatever the first says: the time does not tell which one was right.
        var current = profile.Challenge.Matches(presented);
        var previous = profile.PreviousChallenge?.Matches(presented) ?? false;
        if (!current && !previous)
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeWrong, "challengePassword matches neither the current nor a previous secret");
        return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Static, current ? "current" : "previous"));
    }
}
