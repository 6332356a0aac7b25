using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.Renewal;

/// <summary>
/// RFC 8894 §2.3: the signature by a certificate of ours is the authorisation. Takes every renewal; when, with which key and for which
/// names the certificate profile says.
/// </summary>
public sealed class RenewalProof : IChallengeValidator
{
    public bool Handles(IssuanceCommand command) => command.IsRenewal;

    public Task<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken) => Task.FromResult(Validate(command));

    private static ChallengeVerdict Validate(IssuanceCommand command)
    {
        var context = command.Context;
        var presented = command.Csr.ChallengePassword;
        if (IntuneChallengeValidator.IsSigned(context.Policy, presented)
            && IntuneChallengeValidator.Judge(command) is ChallengeVerdict.Rejected refused)
            return refused;
        if (context.Signer is not { Failure: null, Known: { } known })
            return new ChallengeVerdict.Rejected(context.Signer.Failure!);

        // RFC 8894 §2.4: a challengePassword is optional in a renewal; one that is there must be right. A signed one has been judged by now.
        if (presented is not null && context is { Trace: null, Signer.FirstAsked: null }
            && StaticChallengeValidator.Validate(context.Policy, presented) is ChallengeVerdict.Rejected wrong)
            return wrong;
        return new ChallengeVerdict.Vouched(
            new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber, known, context.Signer.FirstAsked, context.Trace?.Claim));
    }
}
