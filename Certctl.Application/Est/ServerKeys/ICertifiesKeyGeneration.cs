using Certctl.Application.Issuers;

namespace Certctl.Application.Est.ServerKeys;

/// <summary>A CA that says of this process that it makes keys for others.</summary>
public interface ICertifiesKeyGeneration : ICertificateIssuer
{
    /// <summary>
    /// Certifies who makes keys: digitalSignature, id-kp-cmKGA (RFC 9480 §2.2), without revocation information. Throws when the CA's key
    /// fails.
    /// </summary>
    /// <param name="subjectPublicKeyInfo">DER.</param>
    /// <param name="notAfter">Shortened to the CA's own life.</param>
    /// <returns>The certificate as DER.</returns>
    byte[] CertifyKeyGeneration(ReadOnlySpan<byte> subjectPublicKeyInfo, DateTimeOffset notBefore, DateTimeOffset notAfter);
}
