using Certctl.Domain.Certificates;

namespace Certctl.Domain.Enrolment;

/// <summary>The certificate whose key signed the request message: for an initial enrolment the device's own throw-away one, for a renewal one of ours.</summary>
public sealed class RequestSigner
{
    public required ReadOnlyMemory<byte> CertificateDer { get; init; }

    public required SubjectName Subject { get; init; }

    public required SubjectName Issuer { get; init; }

    /// <summary>The serial number's content octets as they stand in the certificate (devices send more than 20).</summary>
    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    public required PublicKeyInfo PublicKey { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>Issuer and subject are the same name. Says nothing about trust.</summary>
    public bool IsSelfIssued => Issuer.Der.Span.SequenceEqual(Subject.Der.Span);
}
