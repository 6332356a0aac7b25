using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments;

/// <summary>
/// Reads a PKCS#10 again that the journal kept, whatever protocol brought it. Pure computation, safe for any number of threads.
/// </summary>
public interface ICsrReader
{
    /// <summary>
    /// Reads <see cref="CertificateSigningRequest.DerWithoutChallenge"/>; null when the octets are no CertificationRequest.
    /// </summary>
    CertificateSigningRequest? ReadKept(ReadOnlyMemory<byte> pkcs10);
}
