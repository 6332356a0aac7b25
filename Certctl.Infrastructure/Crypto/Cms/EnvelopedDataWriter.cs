using System.Security.Cryptography;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms.Recipients;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>EnvelopedData (RFC 5652 §6.1) as DER, field by field.</summary>
internal static class EnvelopedDataWriter
{
    /// <summary>Encrypts <paramref name="content"/> to one recipient, in its ContentInfo, with a fresh key.</summary>
    public static void Write<TRecipient>(DerWriter writer, TRecipient recipient, ContentCipher cipher, ReadOnlySpan<byte> content)
        where TRecipient : struct, IEnvelopeRecipient
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
                writer.WriteEncoded([DerTag.Integer, 1, recipient.EnvelopeVersion]);
                using (writer.Open(DerTag.Set))
                    recipient.Write(writer, cipher, key);
                WriteEncryptedContent(writer, cipher, key, iv, content);
            }
        }

        CryptographicOperations.ZeroMemory(key);
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
