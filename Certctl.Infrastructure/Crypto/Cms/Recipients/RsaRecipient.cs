using System.Security.Cryptography;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>KeyTransRecipientInfo (RFC 5652 §6.2.1) for a certificate with an RSA key.</summary>
/// <param name="publicKey">The certificate's key; shared, not owned.</param>
internal readonly struct RsaRecipient(RequestSigner certificate, RSA publicKey) : IEnvelopeRecipient
{
    // RFC 5652 §6.1: version 0 while all recipients are named by issuer and serial number.
    public byte EnvelopeVersion => 0;

    public void Write(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded([DerTag.Integer, 1, 0]);
            writer.WriteEncoded(SignedDataWriter.IssuerAndSerialNumber(certificate));

            // RFC 8894 §2.9: PKCS#1 v1.5 is what every client opens.
            SignedDataWriter.WriteRsaEncryption(writer);
            using (writer.Open(DerTag.OctetString))
                publicKey.Encrypt(key, writer.Append((publicKey.KeySize + 7) / 8), RSAEncryptionPadding.Pkcs1);
        }
    }
}
