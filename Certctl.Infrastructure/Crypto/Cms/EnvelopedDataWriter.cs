using System.Security.Cryptography;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>EnvelopedData (RFC 5652 §6.1) as DER, field by field.</summary>
internal static class EnvelopedDataWriter
{
    private static ReadOnlySpan<byte> Version0 => [DerTag.Integer, 1, 0];

    /// <summary>Encrypts <paramref name="content"/> to one certificate, in its ContentInfo, with a fresh key.</summary>
    /// <param name="recipientKey">The certificate's RSA key.</param>
    public static void Write(DerWriter writer, RequestSigner recipient, RSA recipientKey, ContentCipher cipher, ReadOnlySpan<byte> content)
    {
        Span<byte> key = stackalloc byte[ContentCipher.MaxKeyLength];
        key = key[..cipher.KeyLength];
        RandomNumberGenerator.Fill(key);
        Span<byte> iv = stackalloc byte[ContentCipher.MaxBlockLength];
        iv = iv[..cipher.BlockLength];
        RandomNumberGenerator.Fill(iv);
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.EnvelopedData);
            using (writer.Open(DerTag.ContextConstructed(0)))
            using (writer.Open(DerTag.Sequence))
            {
                // RFC 5652 §6.1: version 0 while all recipients are named by issuer and serial number.
                writer.WriteEncoded(Version0);
                using (writer.Open(DerTag.Set))
                    WriteRecipient(writer, recipient, recipientKey, key);
                WriteEncryptedContent(writer, cipher, key, iv, content);
            }
        }

        CryptographicOperations.ZeroMemory(key);
    }

    private static void WriteRecipient(DerWriter writer, RequestSigner recipient, RSA recipientKey, ReadOnlySpan<byte> key)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(Version0);
            writer.WriteEncoded(SignedDataWriter.IssuerAndSerialNumber(recipient));

            // RFC 8894 §2.9: PKCS#1 v1.5 is what every client opens.
            SignedDataWriter.WriteRsaEncryption(writer);
            using (writer.Open(DerTag.OctetString))
                recipientKey.Encrypt(key, writer.Append((recipientKey.KeySize + 7) / 8), RSAEncryptionPadding.Pkcs1);
        }
    }

    private static void WriteEncryptedContent(
        DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> content)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.Data);
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(cipher.EncodedOid);
                writer.Write(DerTag.OctetString, iv);
            }

            using (writer.Open(DerTag.Context(0)))
                cipher.Encrypt(key, iv, content, writer.Append(cipher.EncryptedLength(content.Length)));
        }
    }
}
