using Certctl.Application.Enrolments;
using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads what the journal kept with the reader that read it first.</summary>
public sealed class StoredCsrReader : ICsrReader
{
    public CertificateSigningRequest? ReadKept(ReadOnlyMemory<byte> pkcs10) => CsrReader.ReadKept(pkcs10);
}
