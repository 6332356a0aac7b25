using Certctl.Application.Enrolment;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Scep.Challenges;

/// <summary>The signer of a request as the journal knows it.</summary>
internal static class KnownSigner
{
    /// <summary>The journal's own copy, octet for octet: nothing that merely looks like a certificate of ours passes. Null: none of ours.</summary>
    public static async Task<IssuedCertificate?> FindAsync(IEnrolmentRepository enrolments, EnrolmentContext context, CancellationToken cancellationToken)
    {
        if (IssuedCertificate.SerialText(context.Signer.SerialNumber.Span) is not { } serial)
            return null;
        var known = await enrolments.FindCertificateAsync(context.Profile.Issuer.IssuerId, serial, cancellationToken);
        return known is not null && context.Signer.CertificateDer.Span.SequenceEqual(known.Der) ? known : null;
    }

    /// <summary>Why a certificate of ours cannot speak for its device now on this path; null when it can.</summary>
    public static EnrolmentFailure? Judge(IssuedCertificate known, EnrolmentContext context)
    {
        if (known.IsRevoked)
            return new(FailureReason.RenewalSignerRevoked, $"{known.SerialNumber} was revoked at {known.RevokedAt:O}");
        if (context.ReceivedAt < known.NotBefore || context.ReceivedAt >= known.NotAfter)
            return new(FailureReason.RenewalSignerExpired, $"{known.SerialNumber} is valid from {known.NotBefore:O} to {known.NotAfter:O}");
        return known.PathId != context.Profile.PathId
            ? new(FailureReason.RenewalOtherProfile, $"{known.SerialNumber} was issued on path \"{known.PathId}\"")
            : null;
    }
}
