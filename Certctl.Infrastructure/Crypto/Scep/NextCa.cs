namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The CA that follows, as one SCEP profile shows and uses it before the switch (RFC 8894 §4.7). A reload exchanges it.</summary>
/// <param name="keys">RA pairs below the next CA.</param>
/// <param name="currentChain">DER: the path of the RA that signs today.</param>
public sealed class NextCa(RaKeyRing keys, IReadOnlyList<ReadOnlyMemory<byte>> currentChain)
{
    private volatile RaKeyRing _keys = keys;

    internal RaKeyRing Keys => _keys;

    internal IReadOnlyList<ReadOnlyMemory<byte>> CurrentChain => currentChain;

    /// <summary>
    /// Puts the RA pairs of another next CA to use. A request that was encrypted to the old ones and is not answered yet is answered by the
    /// new ones: its device does not accept that and asks again.
    /// </summary>
    public void Exchange(RaKeyRing keys) => _keys = keys;
}
