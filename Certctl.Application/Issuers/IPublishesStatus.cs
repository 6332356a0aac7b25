using Certctl.Application.Publication;

namespace Certctl.Application.Issuers;

/// <summary>Has the status of its certificates signed here: CRLs, and OCSP answers by a responder that it certifies.</summary>
public interface IPublishesStatus : ICertificateIssuer
{
    /// <summary>
    /// keyIdentifier of the authorityKeyIdentifier in its certificates and CRLs, lower-case hex (RFC 5280 §4.2.1.1): tells generations of a
    /// CA apart.
    /// </summary>
    string KeyId { get; }

    /// <summary>
    /// It issues no more. Its CRL goes on until one was made after the end of its last certificate (RFC 5280 §3.3).
    /// </summary>
    bool IsRetired => false;

    /// <summary>False: its key is destroyed. What it signed before is handed out until it lapses.</summary>
    bool HasKey => true;

    /// <summary>Signs this CA's CRLs; null when the CA may not sign any, or cannot.</summary>
    ICrlWriter? Crls { get; }

    /// <summary>URL of the delta CRL to its complete CRL (RFC 5280 §5.2.6); null: there is none.</summary>
    string? FreshestUrl => null;

    /// <summary>
    /// Certifies an OCSP responder (RFC 6960 §4.2.2.2): digitalSignature, id-kp-OCSPSigning, id-pkix-ocsp-nocheck, no CRL or OCSP URL.
    /// Throws when the CA's key fails.
    /// </summary>
    /// <param name="subjectPublicKeyInfo">DER.</param>
    /// <param name="notAfter">Shortened to the CA's own life.</param>
    /// <returns>The certificate as DER.</returns>
    byte[] CertifyResponder(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter);
}
