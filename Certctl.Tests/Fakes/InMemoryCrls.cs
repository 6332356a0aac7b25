using Certctl.Application.Publication;
using Certctl.Domain.Audit;

namespace Certctl.Tests.Fakes;

/// <summary>Revocations and CRLs in memory, with the conditions of the real stores.</summary>
/// <param name="clock">The database's.</param>
internal sealed class InMemoryCrls(TimeProvider clock) : IRevocationStore, ICrlStore
{
    private readonly Lock _lock = new();
    private (CrlLease Lease, DateTimeOffset Until)? _lease;
    private (PublishedCrl Crl, long Epoch, long Fence)? _stored;

    public long Epoch { get; set; }

    public List<RevokedCertificate> Revoked { get; } = [];

    public List<AuditEvent> Events { get; } = [];

    /// <summary>What listing throws; null: nothing.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Runs before the list is read.</summary>
    public Func<Task> BeforeList { get; set; } = () => Task.CompletedTask;

    /// <summary>The bounds that were asked for.</summary>
    public List<DateTimeOffset> EndsAfter { get; } = [];

    /// <summary>Of the certificate that ends last.</summary>
    public DateTimeOffset? LastEnd { get; set; }

    public PublishedCrl? Stored => _stored?.Crl;

    /// <summary>The database is that of an earlier moment again, and so is its epoch.</summary>
    public void Restore(PublishedCrl backup) => _stored = (backup, --Epoch, 0);

    public Task<long> EpochAsync(string issuerId, CancellationToken cancellationToken) => Task.FromResult(Epoch);

    public Task<CertificateStanding?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public async IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId,
        string keyId,
        DateTimeOffset endsAfter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeforeList().WaitAsync(cancellationToken);
        if (Fault is not null)
            throw Fault;
        EndsAfter.Add(endsAfter);
        foreach (var certificate in Revoked)
            yield return certificate;
    }

    public Task<DateTimeOffset?> FindLastEndAsync(string issuerId, string keyId, CancellationToken cancellationToken) =>
        Task.FromResult(LastEnd);

    public Task<CrlState> StateAsync(string issuerId, string keyId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(new CrlState(Epoch, _stored is var (crl, epoch, _)
                ? new CrlHead(crl.Number, epoch, crl.ThisUpdate, crl.NextUpdate)
                : null));
        }
    }

    public Task<PublishedCrl?> ReadAsync(string issuerId, string keyId, CancellationToken cancellationToken) => Task.FromResult(Stored);

    public Task<CrlLease?> TakeLeaseAsync(
        string issuerId, string keyId, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (_lease is var (held, until) && held.Holder != holder && until > now && until <= now + length)
                return Task.FromResult<CrlLease?>(null);
            var lease = new CrlLease(issuerId, keyId, holder, (_lease?.Lease.Fence ?? 0) + 1);
            _lease = (lease, clock.GetUtcNow() + length);
            return Task.FromResult<CrlLease?>(lease);
        }
    }

    public Task<bool> RenewAsync(CrlLease lease, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_lease?.Lease != lease)
                return Task.FromResult(false);
            _lease = (lease, clock.GetUtcNow() + length);
            return Task.FromResult(true);
        }
    }

    public Task<bool> SaveAsync(CrlLease lease, PublishedCrl crl, long epoch, AuditEvent audit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_stored is var (stored, _, fence) && (stored.Number >= crl.Number || fence > lease.Fence))
                return Task.FromResult(false);
            _stored = (crl, epoch, lease.Fence);
            Events.Add(audit);
            return Task.FromResult(true);
        }
    }
}
