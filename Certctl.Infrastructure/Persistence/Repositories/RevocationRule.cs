using Certctl.Domain.Certificates;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <summary>
/// The one rule of what may be revoked, for one certificate, for many and for what a newer one supersedes: what is revoked stays revoked,
/// and a certificateHold may become any other reason, with the date of that.
/// </summary>
internal static class RevocationRule
{
    /// <summary>The same as <see cref="MayBeRevoked"/> for a reason other than certificateHold, as SQL of both databases.</summary>
    public const string MayBeRevokedForGood = $"(revoked_at IS NULL OR revocation_reason = '{nameof(RevocationReason.CertificateHold)}')";

    // A hold put on hold again is no change.
    public static IQueryable<IssuedCertificate> MayBeRevoked(this IQueryable<IssuedCertificate> certificates, RevocationReason reason) =>
        reason == RevocationReason.CertificateHold
            ? certificates.Where(certificate => certificate.RevokedAt == null)
            : certificates.Where(certificate => certificate.RevokedAt == null
                || certificate.RevocationReason == RevocationReason.CertificateHold);

    /// <summary>Revokes those that may be; one statement, so that of two at once one does.</summary>
    /// <returns>How many.</returns>
    public static Task<int> RevokeAsync(
        this IQueryable<IssuedCertificate> certificates,
        RevocationReason reason,
        DateTimeOffset at,
        DateTimeOffset? invalidSince,
        CancellationToken cancellationToken) =>
        certificates.MayBeRevoked(reason).ExecuteUpdateAsync(
            set => set.SetProperty(certificate => certificate.RevokedAt, at)
                .SetProperty(certificate => certificate.RevocationReason, reason)
                .SetProperty(certificate => certificate.InvalidSince, invalidSince),
            cancellationToken);
}
