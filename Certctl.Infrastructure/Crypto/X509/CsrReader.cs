namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads a PKCS#10 and verifies its signature.</summary>
internal static class CsrReader
{
    /// <summary>
    /// Reads exactly one CertificationRequest (RFC 2986 §4): trailing octets are a defect. BER is tolerated by way of <see cref="Asn1.BerNormaliser"/>;
    /// the signature is verified over the CertificationRequestInfo as received.
    /// </summary>
    public static CsrReading Read(ReadOnlyMemory<byte> bytes) => throw new NotImplementedException();
}
