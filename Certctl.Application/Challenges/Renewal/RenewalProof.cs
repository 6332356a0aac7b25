using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.Renewal;

/// <summary>
/// RFC 8894 §2.3: the signature by a certificate of ours is the authorisation. Recognises every renewal, so it is the first of a policy's
/// kinds; when, with which key and for which names the certificate profile says.
/// </summary>
public sealed class RenewalProof : IChallengeValidator
{
    public async ValueTask<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken)
    {
        if (!command.IsRenewal)
            return new ChallengeVerdict.Unrecognised();
        var context = command.Context;

        // RFC 8894 §2.4: a challengePassword is optional in a renewal; one that is there must be right.
        var presented = command.BringsChallenge
            ? await context.Policy.Challenges.Where(kind => kind != this).JudgeAsync(command, cancellationToken)
            : null;
        if (presented is ChallengeVerdict.Rejected)
            return presented;
        if (context.Signer is not { Failure: null, Known: { } known })
            return new ChallengeVerdict.Rejected(context.Signer.Failure!);

        // What the journal has answered is answered again, also when the secret was exchanged since.
        if (presented is ChallengeVerdict.Unrecognised(var detail) && context.Signer.FirstAsked is null)
            return new ChallengeVerdict.Rejected(FailureReason.ChallengeWrong, detail);
        return presented as ChallengeVerdict.Vouched
            ?? new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber));
    }
}
