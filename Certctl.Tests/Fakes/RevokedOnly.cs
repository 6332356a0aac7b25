using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Tests.Fakes;

/// <summary>An inventory of which a test needs the revoked certificates alone.</summary>
internal abstract class RevokedOnly : ICertificateInventory
{
    public abstract IAsyncEnumerable<IssuedCertificate> ListRevokedAsync(
        string issuerId, DateTimeOffset revokedUntil, DateTimeOffset endsAfter, CancellationToken cancellationToken);

    public Task<CertificatePage> ListAsync(
        CertificateFilter filter, DateTimeOffset now, CertificateMark? before, int skip, int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IssuedCertificate?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<RevocationVerdict> RevokeAsync(
        string issuerId,
        string serialNumber,
        RevocationReason reason,
        DateTimeOffset at,
        AuditEvent audit,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RevocationVerdict> ReleaseAsync(
        string issuerId, string serialNumber, AuditEvent audit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
