using Certctl.Application.Enrolment;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Application.Scep.Challenges;

/// <summary>The signer of a request as the journal knows it.</summary>
internal static class KnownSigner
{
    /// <summary>The journal's own copy, octet for octet: nothing that merely looks like a certificate of ours passes. Null: none of ours.</summary>
    public static Task<IssuedCertificate?> FindAsync(IEnrolmentRepository enrolments, EnrolmentContext context, CancellationToken cancellationToken) =>
        FindAsync(enrolments, context.Profile.Issuer.IssuerId, context.Signer, cancellationToken);

    public static async Task<IssuedCertificate?> FindAsync(IEnrolmentRepository enrolments, string issuerId, RequestSigner signer, CancellationToken cancellationToken)
    {
        if (IssuedCertificate.SerialText(signer.SerialNumber.Span) is not { } serial)
            return null;
        var known = await enrolments.FindCertificateAsync(issuerId, serial, cancellationToken);
        return known is not null && signer.CertificateDer.Span.SequenceEqual(known.Der) ? known : null;
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
        return known.PathId != context.Profile.PathId
            ? new(FailureReason.RenewalOtherProfile, $"{known.SerialNumber} was issued on path \"{known.PathId}\"")
            : null;
    }

    /// <summary>Why a renewal of <paramref name="old"/> may not have these names; null when it may.</summary>
    public static EnrolmentFailure? FindNameChange(IssuedCertificate old, IIssuanceCommand command) =>
        command.Context.Profile.RenewalMayChangeName || SameNames(old, command)
            ? null
            : new(FailureReason.RenewalNameChanged, $"{old.SerialNumber} is {old.Subject} [{string.Join(", ", old.SubjectAltNames)}]");

    private static bool SameNames(IssuedCertificate old, IIssuanceCommand command) =>
        command.Context.Signer.Subject.SameAs(command.Csr.Subject)
        && old.SubjectAltNames.Select(Comparable).ToHashSet(StringComparer.Ordinal).SetEquals(command.Csr.SubjectAltNames.Select(san => Comparable(san.ToString())));

    // RFC 5280 §7.2: DNS names are the same in any case. No other name is: spiffe://td/Admin is not spiffe://td/admin.
    private static string Comparable(string name) => name.StartsWith("DNS:", StringComparison.Ordinal) ? name.ToLowerInvariant() : name;
}
