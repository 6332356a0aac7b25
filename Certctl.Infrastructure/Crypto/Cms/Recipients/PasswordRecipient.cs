using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms.Recipients;

/// <summary>PasswordRecipientInfo (RFC 5652 §6.2.4) for a recipient who knows <paramref name="password"/>.</summary>
internal readonly struct PasswordRecipient(EnvelopePassword password) : IEnvelopeRecipient
{
    // RFC 5652 §6.1: version 3 as soon as there is one.
    public byte EnvelopeVersion => 3;

    public void Write(DerWriter writer, ContentCipher cipher, ReadOnlySpan<byte> key)
    {
        var kek = PasswordKek.Like(password, cipher);
        using (writer.Open(PasswordRecipientInfo.Tag))
        {
            writer.WriteEncoded([DerTag.Integer, 1, 0]);
            kek.WriteAlgorithms(writer);
            writer.Write(DerTag.OctetString, kek.Wrap(password.Challenge, key));
        }
    }
}
