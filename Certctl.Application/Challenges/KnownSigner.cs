using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Pipeline;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges;

/// <summary>The signer of a request as the journal knows it.</summary>
internal static class KnownSigner
{
    /// <summary>The journal's own copy, octet for octet: nothing that merely looks like a certificate of ours passes. Null: none of ours.</summary>
    public static Task<IssuedCertificate?> FindAsync(IEnrolmentRepository enrolments, EnrolmentContext context, CancellationToken cancellationToken) =>
        FindAsync(enrolments, context.Policy.Issuer.IssuerId, context.Requester, cancellationToken);

    public static async Task<IssuedCertificate?> FindAsync(IEnrolmentRepository enrolments, string issuerId, RequestSigner signer, CancellationToken cancellationToken)
    {
        if (IssuedCertificate.SerialText(signer.SerialNumber.Span) is not { } serial)
            return null;
        var known = await enrolments.FindCertificateAsync(issuerId, serial, cancellationToken);
        return known is not null && signer.CertificateDer.Span.SequenceEqual(known.Der) ? known : null;
    }

    /// <summary>
    /// Who signed a request whose challenge is good. RFC 8894 §2.3: the key that is to be certified, or that of a certificate of ours. Else whoever caught an
    /// envelope could sign it anew and be sent a certificate on its challenge. Which names a stranger's certificate carries proves nothing: he wrote them.
    /// </summary>
    public static async Task<ChallengeVerdict> JudgeAsync(
        IEnrolmentRepository enrolments, ChallengeGrant grant, IssuanceCommand command, CancellationToken cancellationToken)
    {
        var context = command.Context;
        if (context.Requester.PublicKey.Der.Span.SequenceEqual(command.Csr.PublicKey.Der.Span))
            return new ChallengeVerdict.Vouched(grant);
        if (await FindAsync(enrolments, context, cancellationToken) is not { } known)
        {
            var detail = $"signer {context.Requester.Subject} holds another key than the request and is none of ours";
            return new ChallengeVerdict.Rejected(FailureReason.SignerKeyMismatch, detail);
        }

        if (Judge(known, context) is { } failure)
            return new ChallengeVerdict.Rejected(failure);

        // Challenge and valid certificate: a new enrolment. With one that has ended it is a renewal, which the certificate profile may still grant.
        return new ChallengeVerdict.Vouched(
            context.ReceivedAt < known.NotAfter ? grant : grant with { Kind = ChallengeKind.Renewal, VouchedBy = known.SerialNumber, Renews = known });
    }

    /// <summary>
    /// Why a certificate of ours cannot speak for its device on this path; null when it can. One that has ended may still be within the certificate
    /// profile's grace.
    /// </summary>
    public static EnrolmentFailure? Judge(IssuedCertificate known, EnrolmentContext context)
    {
        if (known.IsRevoked)
            return new(FailureReason.RenewalSignerRevoked, $"{known.SerialNumber} was revoked at {known.RevokedAt:O}");
        if (context.ReceivedAt < known.NotBefore)
            return new(FailureReason.RenewalSignerExpired, $"{known.SerialNumber} is not valid before {known.NotBefore:O}");
        return known.PathId != context.Policy.PathId
            ? new(FailureReason.RenewalOtherProfile, $"{known.SerialNumber} was issued on path \"{known.PathId}\"")
            : null;
    }
}
