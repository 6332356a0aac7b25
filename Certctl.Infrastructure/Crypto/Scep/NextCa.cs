using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The CA that follows, as one SCEP profile shows and uses it before the switch (RFC 8894 §4.7).</summary>
public sealed class NextCa
{
    /// <param name="raPairs">RA pairs below the next CA.</param>
    /// <param name="chain">DER: the next CA first, then the CAs above it.</param>
    /// <param name="currentChain">DER: the path of the RA that signs today.</param>
    public NextCa(IReadOnlyList<KeyPair> raPairs, IReadOnlyList<ReadOnlyMemory<byte>> chain, IReadOnlyList<ReadOnlyMemory<byte>> currentChain)
    {
        Keys = new RaKeyRing(raPairs, chain);
        CurrentChain = currentChain;

        // RFC 8894 §4.7.1: certificates alone, in the order of GetCACert.
        using var writer = new DerWriter(4096);
        SignedDataWriter.WriteCertificatesOnly(writer, [.. raPairs.Select(pair => (ReadOnlyMemory<byte>)pair.Certificate.RawData), .. chain]);
        Certificates = writer.ToArray();
    }

    internal RaKeyRing Keys { get; }

    /// <summary>A degenerate SignedData.</summary>
    internal byte[] Certificates { get; }

    internal IReadOnlyList<ReadOnlyMemory<byte>> CurrentChain { get; }
}
