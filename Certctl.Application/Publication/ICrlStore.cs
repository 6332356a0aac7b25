using Certctl.Domain.Audit;

namespace Certctl.Application.Publication;

/// <summary>The CRLs that all processes serve, and which process may make the next one.</summary>
public interface ICrlStore
{
    /// <summary>What has been published for this CA, and whether a revocation came since.</summary>
    /// <param name="keyId">As <see cref="Issuers.IPublishesStatus.KeyId"/>: the complete CRL.</param>
    Task<CrlState> StateAsync(string issuerId, string keyId, CancellationToken cancellationToken);

    /// <summary>The same of each partition under which this CA has issued.</summary>
    Task<IReadOnlyList<CrlPartitionState>> PartitionsAsync(string issuerId, string keyId, CancellationToken cancellationToken);

    /// <summary>The CRL that was published last; null: none.</summary>
    /// <param name="keyId">As <see cref="CrlScope.Key"/>, here and below.</param>
    Task<PublishedCrl?> ReadAsync(string issuerId, string keyId, CancellationToken cancellationToken);

    /// <summary>
    /// The right to make the next CRL of this CA: free, lapsed, or held by the same process already. Null: another process has it.
    /// </summary>
    /// <param name="holder">Names this process among all.</param>
    Task<CrlLease?> TakeLeaseAsync(
        string issuerId, string keyId, string holder, TimeSpan length, CancellationToken cancellationToken);

    /// <summary>False: another process has taken the lease meanwhile.</summary>
    Task<bool> RenewAsync(CrlLease lease, TimeSpan length, CancellationToken cancellationToken);

    /// <summary>
    /// Publishes a CRL with its audit event in one transaction, unless one with the same or a greater number, or one made under a later
    /// lease, is there: then false, and nothing has changed.
    /// </summary>
    /// <param name="epoch">As it was before the list of revocations was read.</param>
    Task<bool> SaveAsync(CrlLease lease, PublishedCrl crl, long epoch, AuditEvent audit, CancellationToken cancellationToken);
}

/// <param name="Epoch">As <see cref="IRevocationStore.EpochAsync"/>, now; of a partition that of its certificates alone.</param>
/// <param name="Last">Null: none has been published.</param>
public sealed record CrlState(long Epoch, CrlHead? Last)
{
    /// <summary>Of a complete list the delta CRL that was published last, and of that the complete one; null: none.</summary>
    public CrlHead? Beside { get; init; }
}

/// <param name="Url">As <see cref="CrlScope.Partition"/>.</param>
public sealed record CrlPartitionState(string Url, CrlState State);

/// <summary>A published CRL without its octets.</summary>
/// <param name="Epoch">The epoch that it stands for.</param>
public sealed record CrlHead(long Number, long Epoch, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate)
{
    /// <summary>As <see cref="PublishedCrl.Base"/>.</summary>
    public CrlBase? Base { get; init; }
}

/// <summary>A complete list that was published.</summary>
public sealed record CrlBase(long Number, DateTimeOffset ThisUpdate);

/// <param name="Fence">Greater in every later lease of the same CA: what was made under an earlier one is not published any more.</param>
public sealed record CrlLease(string IssuerId, string KeyId, string Holder, long Fence)
{
    /// <summary>Which list is saved under it: that of <see cref="KeyId"/>, or the delta CRL to it.</summary>
    public string ListKey { get; init; } = KeyId;
}
