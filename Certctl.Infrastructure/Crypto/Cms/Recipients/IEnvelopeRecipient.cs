namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>
/// How the content-encryption key reaches the one recipient of an EnvelopedData. Implemented by structs, so that choosing costs nothing.
/// </summary>
internal interface IEnvelopeRecipient
{
    /// <summary>The version that an EnvelopedData with this recipient alone has (RFC 5652 §6.1).</summary>
    byte EnvelopeVersion { get; }

    /// <summary>Writes the RecipientInfo with <paramref name="key"/> encrypted in it.</summary>
    /// <param name="cipher">The content encryption that <paramref name="key"/> is for.</param>
    void Write(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key);
}
