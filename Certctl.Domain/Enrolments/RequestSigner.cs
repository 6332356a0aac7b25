using Certctl.Domain.Certificates;

namespace Certctl.Domain.Enrolments;

/// <summary>
/// Whose key signed the request message, with its certificate: for an initial enrolment the device's own throw-away one, for a renewal one
/// of ours. A PKCS#10 in the clear has none: its own key stands for the signer.
/// </summary>
public sealed class RequestSigner
{
    /// <summary>Empty when there is no certificate.</summary>
    public required ReadOnlyMemory<byte> CertificateDer { get; init; }

    public required SubjectName Subject { get; init; }

    public required SubjectName Issuer { get; init; }

    /// <summary>The serial number's content octets as they stand in the certificate (devices send more than 20).</summary>
    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    public required PublicKeyInfo PublicKey { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>False where the request alone has signed.</summary>
    public bool HasCertificate => !CertificateDer.IsEmpty;

    /// <summary>Issuer and subject are the same name. Says nothing about trust.</summary>
    public bool IsSelfIssued => Issuer.Der.Span.SequenceEqual(Subject.Der.Span);

    /// <summary>The requester where there is nothing but the request: the key in it has signed it, and no certificate says more.</summary>
    public static RequestSigner Of(CertificateSigningRequest csr) => new()
    {
        CertificateDer = default,
        Subject = csr.Subject,
        Issuer = csr.Subject,
        SerialNumber = default,
        PublicKey = csr.PublicKey,
        NotBefore = DateTimeOffset.MinValue,
        NotAfter = DateTimeOffset.MaxValue,
    };
}
