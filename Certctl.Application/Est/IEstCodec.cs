using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Est;

/// <summary>
/// Octets of EST bodies to and from requests and certificates (RFC 8951 §3). Pure computation, thread-safe; never throws because of client
/// input.
/// </summary>
public interface IEstCodec
{
    /// <summary>Reads a PKCS#10 and verifies its own signature: base64 with any white space, PEM or DER.</summary>
    EstReading ReadRequest(ReadOnlyMemory<byte> body);

    /// <summary>The DER of a certs-only SignedData of DER certificates in the order given.</summary>
    byte[] EncodeCertificates(IReadOnlyList<ReadOnlyMemory<byte>> certificates);

    /// <summary>A TLS client certificate as the signer of a request; null when it cannot be read.</summary>
    RequestSigner? ReadCertificate(ReadOnlyMemory<byte> der);

    /// <summary>Its subject alternative names; empty where there are none that can be read.</summary>
    IReadOnlyList<SubjectAltName> ReadNames(ReadOnlyMemory<byte> der);
}

/// <summary>What became of a body.</summary>
public abstract record EstReading
{
    private EstReading()
    {
    }

    public sealed record Request(CertificateSigningRequest Csr) : EstReading;

    public sealed record Refused(EnrolmentFailure Failure) : EstReading;
}
