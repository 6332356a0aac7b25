namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The CA that follows, as one SCEP profile shows and uses it before the switch (RFC 8894 §4.7).</summary>
/// <param name="keys">RA pairs below the next CA.</param>
/// <param name="currentChain">DER: the path of the RA that signs today.</param>
public sealed class NextCa(RaKeyRing keys, IReadOnlyList<ReadOnlyMemory<byte>> currentChain)
{
    internal RaKeyRing Keys => keys;

    internal IReadOnlyList<ReadOnlyMemory<byte>> CurrentChain => currentChain;
}
