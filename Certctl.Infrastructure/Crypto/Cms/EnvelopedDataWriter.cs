using System.Security.Cryptography;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms.Recipients;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>EnvelopedData (RFC 5652 §6.1) as DER, field by field.</summary>
internal static class EnvelopedDataWriter
{
    /// <summary>Encrypts <paramref name="content"/>, which is data, to one recipient, in its ContentInfo, with a fresh key.</summary>
    public static void Write<TRecipient>(DerWriter writer, TRecipient recipient, ContentCipher cipher, ReadOnlySpan<byte> content)
        where TRecipient : struct, IEnvelopeRecipient => Write(writer, recipient, cipher, CmsOid.Data, content);

    /// <summary>The same with content of another type (RFC 5652 §6.1, contentType).</summary>
    /// <param name="contentType">Its OID, tag and length included.</param>
    public static void Write<TRecipient>(
        DerWriter writer, TRecipient recipient, ContentCipher cipher, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> content)
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
                WriteEncryptedContent(writer, cipher, new KeyAndIv(key, iv), contentType, content);
            }
        }

        CryptographicOperations.ZeroMemory(key);
    }

    private static void WriteEncryptedContent(
        DerWriter writer, ContentCipher cipher, KeyAndIv secret, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> content)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(contentType);
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(cipher.EncodedOid);
                writer.Write(DerTag.OctetString, secret.Iv);
            }

            using (writer.Open(DerTag.Context(0)))
                cipher.Encrypt(secret.Key, secret.Iv, content, writer.Append(cipher.EncryptedLength(content.Length)));
        }
    }

    private readonly ref struct KeyAndIv(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv)
    {
        public ReadOnlySpan<byte> Key { get; } = key;

        public ReadOnlySpan<byte> Iv { get; } = iv;
    }
}
