using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>
/// The RA pairs of one SCEP profile. The newest valid one signs and stands first in GetCACert; all decrypt until they expire.
/// Replaced as a whole (SIGHUP), without a lock on the reading side; requests under way finish with the ring that they began with.
/// </summary>
public sealed class RaKeyRing
{
    /// <param name="pairs">At least one; RSA keys only (the preflight has refused others).</param>
    /// <param name="caChain">DER, issuing CA first: what GetCACert adds behind the RA certificates.</param>
    public RaKeyRing(IReadOnlyList<KeyPair> pairs, IReadOnlyList<ReadOnlyMemory<byte>> caChain) => throw new NotImplementedException();

    public void Replace(IReadOnlyList<KeyPair> pairs) => throw new NotImplementedException();
}
