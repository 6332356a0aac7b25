using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Pipeline;

/// <summary>What the journal and RFC 8894 §2.3 say of the signer of a request.</summary>
/// <param name="Known">The certificate of ours that signed it; null: it is none of ours, or did not have to be.</param>
/// <param name="Failure">Why it must not sign this request; null when it may.</param>
/// <param name="FirstAsked">
/// When the journal first got this very renewal, of a signer that may only repeat it; null for every other one.
/// </param>
public sealed record JudgedSigner(IssuedCertificate? Known, EnrolmentFailure? Failure = null, DateTimeOffset? FirstAsked = null);

/// <summary>
/// May its signer sign it? RFC 8894 §2.3: a first request is signed with the key that is to be certified or by a certificate of ours, a
/// renewal by a certificate of ours. Without this check a stranger could sign a captured envelope anew and be sent a certificate on the
/// challenge in it. The names in a stranger's certificate prove nothing: the stranger wrote them.
/// </summary>
public sealed class SignerCheck<TCommand, TOutcome>(IEnrolmentRepository enrolments) : EnrolmentCheck<TCommand, TOutcome>
    where TCommand : IssuanceCommand
    where TOutcome : EnrolmentOutcome
{
    // An answer that lapses while the request is under way would let a revoked certificate sign for a new one.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    // A self-signed certificate needs no look-up, so it is refused at once. Every other refusal waits until the challenge has been judged:
    // challenge_wrong comes before signer_key_mismatch on the wire, and a renewal is itself a kind of challenge,
    // which builds on the signer.
    protected override async ValueTask<EnrolmentFailure?> CheckAsync(TCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        context.Signer = await JudgeAsync(command, cancellationToken);
        return context.Requester.IsSelfIssued ? context.Signer.Failure : null;
    }

    private async Task<JudgedSigner> JudgeAsync(IssuanceCommand command, CancellationToken cancellationToken)
    {
        var (context, requester) = (command.Context, command.Context.Requester);
        if (!command.IsRenewal && requester.PublicKey.Der.Span.SequenceEqual(command.Csr.PublicKey.Der.Span))
            return new JudgedSigner(null);
        if (requester.IsSelfIssued)
        {
            return new JudgedSigner(null, command.IsRenewal
                ? new(FailureReason.RenewalSignerUnknown, $"renewal signed by the self-signed certificate {requester.Subject}")
                : new(FailureReason.SignerKeyMismatch, $"self-signed signer {requester.Subject} holds another key than the request"));
        }

        if (await KnownSigner.FindAsync(enrolments, context, cancellationToken) is not { } known)
        {
            var signer = $"signer {requester.Subject}";
            return new JudgedSigner(null, command.IsRenewal
                ? new(FailureReason.RenewalSignerUnknown, $"{signer} is not in the journal of {context.Policy.Issuer.IssuerId}")
                : new(FailureReason.SignerKeyMismatch, $"{signer} holds another key than the request and is none of ours"));
        }

        if ((KnownSigner.Judge(known, context) ?? FindEnd(known, command)) is not { } failure)
            return new JudgedSigner(known);
        return command.IsRenewal && await FindFirstAskedAsync(known, failure, command, cancellationToken) is { } firstAsked
            ? new JudgedSigner(known, null, firstAsked)
            : new JudgedSigner(known, failure);
    }

    // RFC 8894 §2.4: a challengePassword is optional in a renewal; one whose certificate has ended needs it.
    private static EnrolmentFailure? FindEnd(IssuedCertificate known, IssuanceCommand command) =>
        command.BringsChallenge || command.Context.ReceivedAt < known.NotAfter
            ? null
            : new(
                FailureReason.RenewalSignerExpired,
                $"{known.SerialNumber} ended at {known.NotAfter:O}, and the request has no challengePassword");

    // The renewal itself superseded its signer, or the signer ended since, and the reply was lost or operators still decide: the journal
    // answers, as it did.
    private async Task<DateTimeOffset?> FindFirstAskedAsync(
        IssuedCertificate known, EnrolmentFailure failure, IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        var superseded = failure.Reason == FailureReason.RenewalSignerRevoked && known.RevocationReason == RevocationReason.Superseded;
        if (!superseded && failure.Reason != FailureReason.RenewalSignerExpired)
            return null;
        var key = RequestKey.Of(context, command.Kind, command.Csr, known);
        return await enrolments.FindAnswerAsync(key, Margin, cancellationToken) is { } stored
            && (stored.Certificate is { } answer ? !answer.IsRevoked && context.ReceivedAt < answer.NotAfter : !superseded)
            ? stored.Enrolment.CreatedAt
            : null;
    }
}
