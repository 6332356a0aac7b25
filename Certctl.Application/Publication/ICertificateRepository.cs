using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication;

/// <summary>The certificates that the journal wrote, as publication needs them.</summary>
public interface ICertificateRepository
{
    /// <summary>
    /// Every certificate of this issuer that was revoked at <paramref name="revokedUntil"/> or before and ends after <paramref name="endsAfter"/>, in the order
    /// of revocation, then of serial number. One at a time: there may be very many.
    /// </summary>
    IAsyncEnumerable<IssuedCertificate> ListRevokedAsync(
        string issuerId, DateTimeOffset revokedUntil, DateTimeOffset endsAfter, CancellationToken cancellationToken);
}
