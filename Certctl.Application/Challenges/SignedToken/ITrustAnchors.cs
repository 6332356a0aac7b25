namespace Certctl.Application.Challenges.SignedToken;

/// <summary>The signature algorithms of signed challenges (RFC 7518 §3.1); everything else is refused.</summary>
public enum JwsAlgorithm
{
    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256.</summary>
    Rs256,

    /// <summary>
    /// ECDSA on P-256 with SHA-256; the signature as R and S of 32 octets each (RFC 7518 §3.4), or as DER, which some connectors send.
    /// </summary>
    Es256,
}

/// <summary>A connector's certificate: its key alone is trusted, its issuer is not considered.</summary>
/// <param name="Sha256">64 lower-case hex digits over the certificate.</param>
/// <param name="KeyAlgorithm">"RSA-2048", "ECDSA-P256".</param>
public sealed record TrustAnchor(
    string Subject, string SerialNumber, string Sha256, string KeyAlgorithm, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    public bool IsValidAt(DateTimeOffset now) => NotBefore <= now && now < NotAfter;
}

/// <summary>
/// The connectors that one SCEP profile believes. Safe for any number of threads; the bundle may be replaced as a whole at any time, and a
/// request in progress finishes with the bundle it began with.
/// </summary>
public interface ITrustAnchors
{
    /// <summary>As read, valid or not.</summary>
    IReadOnlyList<TrustAnchor> All { get; }

    /// <summary>
    /// The anchor whose key made the signature, among those that are valid <paramref name="now"/> and of the kind that the algorithm
    /// needs; null: none.
    /// </summary>
    /// <param name="signingInput">Header and payload as received (RFC 7515 §5.2 step 8), in ASCII.</param>
    TrustAnchor? FindSigner(JwsAlgorithm algorithm, ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature, DateTimeOffset now);
}
