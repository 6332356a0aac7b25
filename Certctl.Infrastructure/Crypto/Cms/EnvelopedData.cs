using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms.Recipients;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>EnvelopedData (RFC 5652 §6.1), taken apart and not judged.</summary>
/// <param name="KeyTransports">The KeyTransRecipientInfos.</param>
/// <param name="Password">The first PasswordRecipientInfo that can be read; null: there is none. Others are not looked at:
/// each would cost a key derivation.</param>
/// <param name="HasOtherRecipients">There are recipients of still other kinds, as of key agreement,
/// or by a password in a form that is not read.</param>
/// <param name="ContentType">contentType of the encryptedContentInfo, tag and length included.</param>
/// <param name="Cipher">contentEncryptionAlgorithm.</param>
/// <param name="EncryptedContent">Joined where it came in pieces; empty when absent.</param>
internal sealed record EnvelopedData(
    IReadOnlyList<KeyTransportRecipient> KeyTransports,
    PasswordRecipientInfo? Password,
    bool HasOtherRecipients,
    ReadOnlyMemory<byte> ContentType,
    AlgorithmId Cipher,
    ReadOnlyMemory<byte> EncryptedContent)
{
    /// <summary>Reads the content of a ContentInfo that bears id-envelopedData.</summary>
    public static bool TryRead(DerReader content, out EnvelopedData? envelopedData, out string? defect)
    {
        envelopedData = null;
        defect = "EnvelopedData: version or originatorInfo cannot be read";
        if (!content.TryEnter(DerTag.Sequence, out var fields) || !content.AtEnd || !fields.TryReadInt32(out _))
            return false;
        fields.TryRead(DerTag.ContextConstructed(0), out _);
        defect = $"EnvelopedData: recipientInfos cannot be read or are more than {DecodingLimits.Recipients}";
        if (!TryReadRecipients(ref fields, out var keyTransports, out var password, out var hasOthers))
            return false;
        defect = "EnvelopedData: encryptedContentInfo cannot be read";
        if (!fields.TryEnter(DerTag.Sequence, out var info)
            || !info.TryRead(DerTag.Oid, out _, out var contentType)
            || !AlgorithmId.TryRead(ref info, out var cipher)
            || !TryReadContent(ref info, out var encrypted)
            || !info.AtEnd)
            return false;
        fields.TryRead(DerTag.ContextConstructed(1), out _);
        if (!fields.AtEnd)
            return false;
        defect = null;
        envelopedData = new EnvelopedData(keyTransports, password, hasOthers, contentType, cipher, encrypted);
        return true;
    }

    private static bool TryReadRecipients(
        ref DerReader fields, out List<KeyTransportRecipient> keyTransports, out PasswordRecipientInfo? password, out bool hasOthers)
    {
        keyTransports = new List<KeyTransportRecipient>(1);
        (password, hasOthers) = (null, false);
        if (!fields.TryEnter(DerTag.Set, out var set))
            return false;
        for (var count = 0; !set.AtEnd; count++)
        {
            if (count == DecodingLimits.Recipients)
                return false;
            var probe = set;
            if (PasswordRecipientInfo.TryRead(ref probe, out var byPassword))
            {
                set = probe;
                password ??= byPassword;
            }
            else if (set.PeekTag != DerTag.Sequence)
            {
                hasOthers = true;
                if (!set.TryReadAny(out _, out _, out _))
                    return false;
            }
            else if (KeyTransportRecipient.TryRead(ref set, out var recipient))
            {
                keyTransports.Add(recipient);
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    // encryptedContent is [0] IMPLICIT OCTET STRING: in BER it may be constructed, of OCTET STRINGs, and the normaliser cannot know what
    // [0] stands for.
    private static bool TryReadContent(ref DerReader info, out ReadOnlyMemory<byte> encrypted)
    {
        encrypted = default;
        if (info.AtEnd || info.TryRead(DerTag.Context(0), out encrypted))
            return true;
        if (!info.TryEnter(DerTag.ContextConstructed(0), out var pieces))
            return false;

        // Read twice rather than kept in a list: a stranger can send half a million empty ones.
        var (rest, length) = (pieces, 0);
        while (!rest.AtEnd)
        {
            if (!rest.TryRead(DerTag.OctetString, out var piece))
                return false;
            length += piece.Length;
        }

        encrypted = Join(pieces, length);
        return true;
    }

    private static byte[] Join(DerReader pieces, int length)
    {
        var whole = new byte[length];
        var offset = 0;
        while (pieces.TryRead(DerTag.OctetString, out var piece))
        {
            piece.Span.CopyTo(whole.AsSpan(offset));
            offset += piece.Length;
        }

        return whole;
    }
}

/// <summary>KeyTransRecipientInfo (RFC 5652 §6.2.1).</summary>
internal readonly record struct KeyTransportRecipient(CertificateId Recipient, AlgorithmId Algorithm, ReadOnlyMemory<byte> EncryptedKey)
{
    public static bool TryRead(ref DerReader set, out KeyTransportRecipient recipient)
    {
        recipient = default;
        if (!set.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadInt32(out _)
            || !CertificateId.TryRead(ref fields, out var id)
            || !AlgorithmId.TryRead(ref fields, out var algorithm)
            || !fields.TryRead(DerTag.OctetString, out var encryptedKey)
            || !fields.AtEnd)
            return false;
        recipient = new KeyTransportRecipient(id, algorithm, encryptedKey);
        return true;
    }
}
