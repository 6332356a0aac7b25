using Certctl.Domain.Certificates;

namespace Certctl.Domain.Enrolments;

/// <summary>
/// A parsed PKCS#10 request (RFC 2986) whose own signature has been verified: proof of possession is part of having one.
/// What it asks for is a wish; the certificate profile decides.
/// </summary>
public sealed class CertificateSigningRequest
{
    /// <summary>
    /// The request as DER, for keeping: the octets of its challengePassword are zeros, so its signature no longer verifies.
    /// </summary>
    public required ReadOnlyMemory<byte> DerWithoutChallenge { get; init; }

    public required SubjectName Subject { get; init; }

    public required PublicKeyInfo PublicKey { get; init; }

    /// <summary>Subject alternative names of the extensionRequest, in the order of the request; kinds are never changed.</summary>
    public IReadOnlyList<SubjectAltName> SubjectAltNames { get; init; } = [];

    /// <summary>What else the extensionRequest has: extnValue by dotted OID.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> OtherExtensions { get; init; } =
        new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>RFC 2985 §5.4.1, decoded from whichever string type the client chose; null when absent or empty.</summary>
    public Secret? ChallengePassword { get; init; }

    /// <summary>Dotted OIDs of the attributes and of the requested extensions, for profiles that require some of them.</summary>
    public IReadOnlySet<string> AttributeOids { get; init; } = new HashSet<string>();

    /// <summary>The life that the request asks for; null when it asks for none, or in a way that cannot be read.</summary>
    public RequestedValidity? RequestedValidity { get; init; }

    /// <summary>SHA-256 of the request as it came.</summary>
    public required ReadOnlyMemory<byte> Sha256 { get; init; }
}
