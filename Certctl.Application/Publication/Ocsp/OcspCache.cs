using System.Runtime.CompilerServices;
using Certctl.Application.Issuers;

namespace Certctl.Application.Publication.Ocsp;

/// <summary>
/// Signed answers, at most <paramref name="maxOctets"/> of them. The one that was asked for longest ago goes first: a miss costs a look-up
/// and a signature, which is too little to defend popular answers against clients that ask for all certificates in turn.
/// </summary>
internal sealed class OcspCache(long maxOctets = OcspCache.DefaultOctets)
{
    public const long DefaultOctets = 32 * 1024 * 1024;

    /// <summary>What an answer takes beside its own octets: key, list node, dictionary entry, records.</summary>
    private const int Overhead = 400;

    private readonly Lock _lock = new();
    private readonly Dictionary<OcspCacheKey, LinkedListNode<Slot>> _slots = [];
    private readonly LinkedList<Slot> _byUse = [];

    public long Octets { get; private set; }

    public CachedAnswer? Find(in OcspCacheKey key)
    {
        lock (_lock)
        {
            if (!_slots.TryGetValue(key, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Answer;
        }
    }

    /// <summary>Keeps a copy of the key's octets: they are a slice of the request.</summary>
    public void Put(in OcspCacheKey key, CachedAnswer answer)
    {
        var size = key.CertIds.Length + answer.Reply.Der.Length + Overhead;
        if (size > maxOctets)
            return;
        lock (_lock)
        {
            if (_slots.TryGetValue(key, out var present))
                Remove(present);
            while (Octets + size > maxOctets)
                Remove(_byUse.Last!);
            var own = key with { CertIds = key.CertIds.ToArray() };
            _slots[own] = _byUse.AddFirst(new Slot(own, answer, size));
            Octets += size;
        }
    }

    // Under the lock.
    private void Remove(LinkedListNode<Slot> node)
    {
        _byUse.Remove(node);
        _slots.Remove(node.Value.Key);
        Octets -= node.Value.Size;
    }

    private sealed record Slot(OcspCacheKey Key, CachedAnswer Answer, int Size);
}

/// <summary>What was asked: the generation of the CA, and the CertIDs octet by octet. A nonce is never part of it.</summary>
internal readonly record struct OcspCacheKey(IPublishesStatus Issuer, ReadOnlyMemory<byte> CertIds)
{
    public bool Equals(OcspCacheKey other) => ReferenceEquals(Issuer, other.Issuer) && CertIds.Span.SequenceEqual(other.CertIds.Span);

    public override int GetHashCode()
    {
        // Seeded for each process: a client cannot choose serial numbers that collide.
        var hash = default(HashCode);
        hash.Add(RuntimeHelpers.GetHashCode(Issuer));
        hash.AddBytes(CertIds.Span);
        return hash.ToHashCode();
    }
}

/// <param name="Epoch">Of a read that ended before the statuses were looked up.</param>
/// <param name="Statuses">Of its entries, for the metrics.</param>
internal sealed record CachedAnswer(OcspReply Reply, OcspValidity Validity, long Epoch, IReadOnlyList<CertificateStatus> Statuses)
{
    /// <summary>At least half of its life is left, so that a client that keeps it does not ask again at once.</summary>
    public bool IsFresh(DateTimeOffset now) =>
        Validity.ThisUpdate <= now && Validity.NextUpdate - now >= (Validity.NextUpdate - Validity.ThisUpdate) / 2;
}
