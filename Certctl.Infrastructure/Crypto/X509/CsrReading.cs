using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>What became of a PKCS#10.</summary>
internal abstract record CsrReading
{
    private CsrReading()
    {
    }

    public sealed record Valid(CertificateSigningRequest Csr) : CsrReading;

    /// <summary>
    /// Not a PKCS#10, or one whose signature is wrong. The defect is for the log: on the wire all of these are one answer.
    /// </summary>
    public sealed record Invalid(string Defect) : CsrReading;
}
