using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>KEKRecipientInfo (RFC 5652 §6.2.3) for a recipient who holds a key-encryption key beforehand.</summary>
/// <param name="keyId">By which the recipient knows it.</param>
/// <param name="kek">An AES key: 16, 24 or 32 octets.</param>
internal readonly struct KekRecipient(ReadOnlyMemory<byte> keyId, byte[] kek) : IEnvelopeRecipient
{
    // RFC 5652 §6.1: version 2 as soon as one RecipientInfo is not of version 0.
    public byte EnvelopeVersion => 2;

    public void Write(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key)
    {
        using (writer.Open(DerTag.ContextConstructed(2)))
        {
            // RFC 5652 §6.2.3: always 4.
            writer.WriteEncoded([DerTag.Integer, 1, 4]);
            using (writer.Open(DerTag.Sequence))
                writer.Write(DerTag.OctetString, keyId.Span);
            KeyWrap.WriteAlgorithm(writer, kek.Length);
            using (writer.Open(DerTag.OctetString))
                KeyWrap.Wrap(kek, key, writer.Append(KeyWrap.WrappedLength(key.Length)));
        }
    }
}
