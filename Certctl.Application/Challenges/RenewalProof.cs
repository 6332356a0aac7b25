using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Application.Intune;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges;

/// <summary>
/// RFC 8894 §2.3: the signature by a certificate of ours is the authorisation. Claims every RenewalReq, and a PKCSReq without challengePassword that
/// was not signed by a self-signed certificate: Apple, Cisco, sscep and jscep renew that way. When, with which key and for which names the certificate profile says.
/// </summary>
public sealed class RenewalProof(IEnrolmentRepository enrolments) : IChallengeValidator
{
    // An answer that lapses while the request is on its way would let a revoked certificate mint.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    public bool Handles(IssuanceCommand command) =>
        command.Kind == EnrolmentKind.RenewalReq || (command.Csr.ChallengePassword is null && !command.Context.Requester.IsSelfIssued);

    public async Task<ChallengeVerdict> ValidateAsync(IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (IntuneChallengeValidator.IsSigned(context.Policy, command.Csr.ChallengePassword)
            && IntuneChallengeValidator.Judge(command) is ChallengeVerdict.Rejected refused)
            return refused;
        if (await KnownSigner.FindAsync(enrolments, context, cancellationToken) is not { } known)
        {
            var detail = $"signer {context.Requester.Subject} is not in the journal of {context.Policy.Issuer.IssuerId}";
            return new ChallengeVerdict.Rejected(FailureReason.RenewalSignerUnknown, detail);
        }

        var failure = KnownSigner.Judge(known, context) ?? JudgeChallenge(known, command);
        if (failure is null)
            return new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber, known, Claim: context.Trace?.Claim));
        return await FindRepeatedAsync(known, failure, command, cancellationToken) is { } firstAsked
            ? new ChallengeVerdict.Vouched(new ChallengeGrant(ChallengeKind.Renewal, known.SerialNumber, known, firstAsked, context.Trace?.Claim))
            : new ChallengeVerdict.Rejected(failure);
    }

    // RFC 8894 §2.4: a challengePassword is optional in a renewal; one that is there must be right. Who comes after the end of his certificate needs it.
    private static EnrolmentFailure? JudgeChallenge(IssuedCertificate old, IssuanceCommand command)
    {
        var context = command.Context;
        var presented = command.Csr.ChallengePassword;
        if (presented is null)
        {
            return context.ReceivedAt < old.NotAfter
                ? null
                : new(FailureReason.RenewalSignerExpired, $"{old.SerialNumber} ended at {old.NotAfter:O}, and the request has no challengePassword");
        }

        // A signed one has been judged by now.
        return context.Trace is null && StaticChallengeValidator.Validate(context.Policy, presented) is ChallengeVerdict.Rejected wrong
            ? wrong.Failure
            : null;
    }

    // The renewal itself superseded its signer, or the signer ended since, and the reply was lost or people still decide: the journal answers, as it did.
    private async Task<DateTimeOffset?> FindRepeatedAsync(
        IssuedCertificate old, EnrolmentFailure failure, IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var superseded = failure.Reason == FailureReason.RenewalSignerRevoked && old.RevocationReason == RevocationReason.Superseded;
        if (!superseded && failure.Reason != FailureReason.RenewalSignerExpired)
            return null;
        var key = RequestKey.Of(context, command.Kind, command.Csr, old);
        return await enrolments.FindAnswerAsync(key, Margin, cancellationToken) is { } stored
            && (stored.Certificate is { } answer ? !answer.IsRevoked && context.ReceivedAt < answer.NotAfter : !superseded)
            ? stored.Enrolment.CreatedAt
            : null;
    }
}
