using Certctl.Application.Publication;

namespace Certctl.Infrastructure.Persistence;

/// <summary>The CRL that was published last for one CA, or for one partition of its certificates.</summary>
internal sealed class StoredCrl
{
    public required string IssuerId { get; init; }

    /// <summary>As <see cref="CrlScope.Key"/>.</summary>
    public required string KeyId { get; init; }

    public required long Number { get; init; }

    /// <summary>As <see cref="CrlHead.Epoch"/>.</summary>
    public required long Epoch { get; init; }

    /// <summary>As <see cref="CrlLease.Fence"/>.</summary>
    public required long Fence { get; init; }

    public required DateTimeOffset ThisUpdate { get; init; }

    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>Of a delta CRL: number and thisUpdate of the complete list that it goes by.</summary>
    public long? BaseNumber { get; init; }

    public DateTimeOffset? BaseThisUpdate { get; init; }

    public required int Entries { get; init; }

    public required byte[] Der { get; init; }
}

/// <summary>As <see cref="CrlLease"/>; one row a list.</summary>
internal sealed class StoredCrlLease
{
    public required string IssuerId { get; init; }

    public required string KeyId { get; init; }

    public required string Holder { get; init; }

    public required long Fence { get; init; }

    public required DateTimeOffset HeldUntil { get; init; }
}

/// <summary>
/// A partition under which a CA has issued. Triggers make it with its first certificate, and raise its epoch as they raise that of the
/// issuer.
/// </summary>
internal sealed class StoredCrlPartition
{
    public required string IssuerId { get; init; }

    public required string KeyId { get; init; }

    /// <summary>As <see cref="CrlScope.Partition"/>.</summary>
    public required string Url { get; init; }

    public required long Epoch { get; init; }
}

/// <summary>As <see cref="IRevocationStore.EpochAsync"/>; triggers raise it, whatever writes a revocation.</summary>
internal sealed class RevocationEpoch
{
    public required string IssuerId { get; init; }

    public required long Epoch { get; init; }
}
