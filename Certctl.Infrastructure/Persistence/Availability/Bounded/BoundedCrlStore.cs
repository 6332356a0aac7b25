using Certctl.Application.Publication;
using Certctl.Domain.Audit;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Published CRLs, within the deadline; a CRL of megabytes within that of a list.</summary>
internal sealed class BoundedCrlStore(ICrlStore inner, DatabaseAccess access) : ICrlStore
{
    public Task<CrlState> StateAsync(string issuerId, string keyId, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.StateAsync(issuerId, keyId, cancellationToken));

    public Task<IReadOnlyList<CrlPartitionState>> PartitionsAsync(string issuerId, string keyId, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.PartitionsAsync(issuerId, keyId, cancellationToken));

    public Task<PublishedCrl?> ReadAsync(string issuerId, string keyId, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.ReadAsync(issuerId, keyId, cancellationToken));

    public Task<CrlLease?> TakeLeaseAsync(
        string issuerId, string keyId, string holder, TimeSpan length, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.TakeLeaseAsync(issuerId, keyId, holder, length, cancellationToken));

    public Task<bool> RenewAsync(CrlLease lease, TimeSpan length, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.RenewAsync(lease, length, cancellationToken));

    public Task<bool> SaveAsync(
        CrlLease lease, PublishedCrl crl, long epoch, AuditEvent audit, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.SaveAsync(lease, crl, epoch, audit, cancellationToken));
}
