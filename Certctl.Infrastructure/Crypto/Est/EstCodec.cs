using Certctl.Application.Enrolments;
using Certctl.Application.Est;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Publication;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>EST bodies: what is in the base64 (RFC 8951 §3), and what clients send instead of it.</summary>
public sealed class EstCodec : IEstCodec
{
    public EstReading ReadRequest(ReadOnlyMemory<byte> body) => EstBody.Decode(body) is { } der
        ? CsrReader.Read(der, CryptoPolicy.Modern) switch
        {
            CsrReading.Valid(var csr) => new EstReading.Request(csr),
            CsrReading.Invalid(var defect) => Unreadable(defect),
            _ => throw new InvalidOperationException("A request is valid or invalid."),
        }
        : Unreadable(EstBody.Unknown);

    public byte[] EncodeCertificates(IReadOnlyList<ReadOnlyMemory<byte>> certificates) => CertificatesOnly.Write(certificates);

    public RequestSigner? ReadCertificate(ReadOnlyMemory<byte> der) =>
        CertificateReader.TryRead(der, out var certificate, out _) ? certificate : null;

    public IReadOnlyList<SubjectAltName> ReadNames(ReadOnlyMemory<byte> der) =>
        CertificateReader.FindSubjectAltNames(der) is { } value && GeneralNameReader.TryReadAll(value, out var names, out _) ? names : [];

    private static EstReading.Refused Unreadable(string defect) =>
        new(new EnrolmentFailure(FailureReason.RawCsrUnreadable, defect));
}
