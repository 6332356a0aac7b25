using Certctl.Application.Publication;
using Certctl.Domain.Audit;

namespace Certctl.Tests.Fakes;

/// <summary>Revocations and CRLs in memory, with the conditions of the real stores.</summary>
/// <param name="clock">The database's.</param>
internal sealed class InMemoryCrls(TimeProvider clock) : IRevocationStore, ICrlStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (CrlLease Lease, DateTimeOffset Until)> _leases = [];
    private readonly Dictionary<string, (PublishedCrl Crl, long Epoch, long Fence)> _stored = [];

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

    /// <summary>Epochs of partitions, by URL, and what is revoked in them.</summary>
    public SortedDictionary<string, (long Epoch, List<RevokedCertificate> Revoked)> Partitions { get; } = new(StringComparer.Ordinal);

    /// <summary>The complete list of the one CA that has any.</summary>
    public PublishedCrl? Stored => _stored.SingleOrDefault(pair => !pair.Key.Contains('/', StringComparison.Ordinal)).Value.Crl;

    /// <summary>The database is that of an earlier moment again, and so is its epoch.</summary>
    public void Restore(PublishedCrl backup) => _stored[_stored.Keys.Single()] = (backup, --Epoch, 0);

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

    public async IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId,
        string keyId,
        string partition,
        DateTimeOffset endsAfter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeforeList().WaitAsync(cancellationToken);
        foreach (var certificate in Partitions[partition].Revoked)
            yield return certificate;
    }

    public async IAsyncEnumerable<RevokedCertificate> ListChangedAsync(
        string issuerId,
        string keyId,
        DateTimeOffset since,
        DateTimeOffset endsAfter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeforeList().WaitAsync(cancellationToken);
        foreach (var certificate in Revoked.Where(certificate => certificate.RevokedAt >= since))
            yield return certificate;
    }

    public Task<DateTimeOffset?> FindLastEndAsync(string keyId, CancellationToken cancellationToken) =>
        Task.FromResult(LastEnd);

    public Task<CrlState> StateAsync(string issuerId, string keyId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(new CrlState(Epoch, HeadOf(keyId)));
    }

    public Task<IReadOnlyList<CrlPartitionState>> PartitionsAsync(string issuerId, string keyId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<CrlPartitionState>>([.. Partitions.Select(partition => new CrlPartitionState(
                partition.Key,
                new CrlState(partition.Value.Epoch, HeadOf(CrlScope.KeyOf(keyId, CrlPartition.NameOf(partition.Key))))))]);
        }
    }

    private CrlHead? HeadOf(string key) => _stored.TryGetValue(key, out var stored)
        ? new CrlHead(stored.Crl.Number, stored.Epoch, stored.Crl.ThisUpdate, stored.Crl.NextUpdate) { Base = stored.Crl.Base }
        : null;

    public Task<PublishedCrl?> ReadAsync(string issuerId, string keyId, CancellationToken cancellationToken) =>
        Task.FromResult(_stored.TryGetValue(keyId, out var stored) ? stored.Crl : null);

    public Task<CrlLease?> TakeLeaseAsync(
        string issuerId, string keyId, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var taken = _leases.TryGetValue(keyId, out var before);
            if (taken && before is var (held, until) && held.Holder != holder && until > now && until <= now + length)
                return Task.FromResult<CrlLease?>(null);
            var lease = new CrlLease(issuerId, keyId, holder, (taken ? before.Lease.Fence : 0) + 1);
            _leases[keyId] = (lease, clock.GetUtcNow() + length);
            return Task.FromResult<CrlLease?>(lease);
        }
    }

    public Task<bool> RenewAsync(CrlLease lease, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(lease.KeyId, out var held) || held.Lease != lease)
                return Task.FromResult(false);
            _leases[lease.KeyId] = (lease, clock.GetUtcNow() + length);
            return Task.FromResult(true);
        }
    }

    public Task<bool> SaveAsync(CrlLease lease, PublishedCrl crl, long epoch, AuditEvent audit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_stored.TryGetValue(lease.ListKey, out var old) && old is var (stored, _, fence)
                && (stored.Number >= crl.Number || fence > lease.Fence))
                return Task.FromResult(false);
            _stored[lease.ListKey] = (crl, epoch, lease.Fence);
            Events.Add(audit);
            return Task.FromResult(true);
        }
    }
}
