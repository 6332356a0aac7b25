using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>The signer of a request as the journal knows it.</summary>
internal static class KnownSigner
{
    /// <summary>
    /// The journal's own copy, octet for octet: nothing that merely looks like a certificate of ours passes. Null: none of ours.
    /// </summary>
    public static Task<IssuedCertificate?> FindAsync(
        IEnrolmentRepository enrolments, EnrolmentContext context, CancellationToken cancellationToken) =>
        FindAsync(enrolments, context.Policy.Issuer.IssuerId, context.Requester, cancellationToken);

    public static async Task<IssuedCertificate?> FindAsync(
        IEnrolmentRepository enrolments, string issuerId, RequestSigner signer, CancellationToken cancellationToken)
    {
        if (IssuedCertificate.SerialText(signer.SerialNumber.Span) is not { } serial)
            return null;
        var known = await enrolments.FindCertificateAsync(issuerId, serial, cancellationToken);
        return known is not null && signer.CertificateDer.Span.SequenceEqual(known.Der) ? known : null;
    }

    /// <summary>
    /// Why a certificate of ours cannot speak for its device on this path; null when it can. One that has ended may still be within the
    /// certificate profile's grace.
    /// </summary>
    public static EnrolmentFailure? Judge(IssuedCertificate known, EnrolmentContext context)
    {
        if (known.IsRevoked)
            return new(FailureReason.RenewalSignerRevoked, $"{known.SerialNumber} was revoked at {known.RevokedAt:O}");
        if (context.ReceivedAt < known.NotBefore)
            return new(FailureReason.RenewalSignerExpired, $"{known.SerialNumber} is not valid before {known.NotBefore:O}");
        return FindOtherOrigin(known, context.Policy, context.Protocol) is { } other
            ? new(FailureReason.RenewalOtherProfile, other)
            : null;
    }

    /// <summary>
    /// Why a certificate of ours counts nothing at this endpoint: it came through another path, or through another protocol's endpoint of
    /// the same path, which does not count here or has another certificate profile. Null when it counts.
    /// </summary>
    public static string? FindOtherOrigin(IssuedCertificate known, EnrolmentPolicy policy, string protocol)
    {
        if (known.PathId != policy.PathId)
            return $"{known.SerialNumber} was issued on path \"{known.PathId}\"";
        if (known.Source == protocol)
            return null;
        if (!policy.TakesCertificatesOf.Contains(known.Source, StringComparer.Ordinal))
        {
            return $"{known.SerialNumber} was issued by {known.Source}, which is not served on this path, or asks for no authentication "
                + "there";
        }

        return known.ProfileId != policy.CertificateProfileId
            ? $"{known.SerialNumber} was issued by {known.Source} for certificate profile {known.ProfileId}"
            : null;
    }
}
