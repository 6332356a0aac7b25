using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Certificates, within the request's deadline; lists within their own.</summary>
internal sealed class BoundedCertificateInventory(ICertificateInventory inner, DatabaseAccess access) : ICertificateInventory
{
    public Task<CertificatePage> ListAsync(
        CertificateFilter filter, DateTimeOffset now, CertificateMark? before, int skip, int limit, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.ListAsync(filter, now, before, skip, limit, cancellationToken));

    public Task<IssuedCertificate?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(issuerId, serialNumber, cancellationToken));

    public Task<RevocationVerdict> RevokeAsync(
        string issuerId,
        string serialNumber,
        RevocationReason reason,
        DateTimeOffset at,
        DateTimeOffset? invalidSince,
        AuditEvent audit,
        CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.RevokeAsync(issuerId, serialNumber, reason, at, invalidSince, audit, cancellationToken));

    public Task<RevocationVerdict> ReleaseAsync(
        string issuerId, string serialNumber, DateTimeOffset at, AuditEvent audit, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.ReleaseAsync(issuerId, serialNumber, at, audit, cancellationToken));
}
