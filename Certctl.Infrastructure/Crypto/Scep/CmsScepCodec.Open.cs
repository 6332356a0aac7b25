using System.Security.Cryptography;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Cms.Recipients;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Scep;

public sealed partial class CmsScepCodec
{
    private ScepContent Open(Reading reading, EnvelopePasswords passwords)
    {
        if (!TryReadEnvelope(reading.Message.Content, out var envelope, out var failure))
            return new ScepContent.Refused(failure!);
        reading.Cipher = ContentCipher.Find(envelope!.Cipher, policy);
        if (reading.Cipher is not { } cipher)
            return Refuse(FailureReason.UnsupportedAlgorithm, $"content encryption {envelope.Cipher}");

        // The reply mirrors the cipher.
        if (reading.Signer!.PublicKey.Algorithm == KeyAlgorithm.Ecdsa && !EcRecipient.CanReceive(cipher))
            return Refuse(
                FailureReason.UnsupportedAlgorithm, $"content encryption {envelope.Cipher}, whose keys cannot be sent to an EC key");
        var initialisation = new DerReader(envelope.Cipher.Parameters);
        if (!initialisation.TryRead(DerTag.OctetString, out var iv) || !initialisation.AtEnd || iv.Length != cipher.BlockLength)
            return Refuse(FailureReason.MalformedRequest, "the initialisation vector is missing or of a wrong length");
        if (FindRecipient(reading, envelope, out var recipient, out failure) is not { } pair)
            return OpenByPassword(reading, envelope, passwords, iv, failure!);
        if (KeyTransport.Find(recipient.Algorithm, policy, out var refusal) is not { } transport)
            return Refuse(FailureReason.UnsupportedAlgorithm, refusal!);
        var plaintext = Decrypt(
            pair, transport, recipient.EncryptedKey.Span, cipher, iv.Span, envelope.EncryptedContent.Span, out var genuine);

        return reading.Attributes.MessageType switch
        {
            // RFC 8894 §3.3.3: the transactionID decides, so content that cannot be read is no reason to refuse a poll.
            MessageType.GetCertInitial => new ScepContent.CertPoll(),
            MessageType.GetCert or MessageType.GetCrl => ReadQuery(plaintext, genuine),
            _ => ReadRequest(plaintext, genuine),
        };
    }

    // RFC 8894 §3.2.2: the content is an EnvelopedData, always in its ContentInfo, and never a request in the clear (§3.1).
    private static bool TryReadEnvelope(ReadOnlyMemory<byte>? content, out EnvelopedData? envelope, out EnrolmentFailure? failure)
    {
        envelope = null;
        var defect = "the message has no content";
        if (content is { IsEmpty: false } octets)
        {
            if (BerNormaliser.TryNormalise(octets, out var der, out var consumed, out defect) && consumed == octets.Length)
            {
                if (TryReadContentInfo(der, out var inner, out failure))
                    return failure is null && TryReadEnvelopedData(inner, out envelope, out failure);
                return false;
            }

            defect ??= "octets behind the content";
        }

        failure = new EnrolmentFailure(FailureReason.MalformedRequest, defect!);
        return false;
    }

    private static bool TryReadContentInfo(ReadOnlyMemory<byte> der, out DerReader content, out EnrolmentFailure? failure)
    {
        content = default;
        failure = new EnrolmentFailure(
            FailureReason.MalformedRequest, "the content is no ContentInfo: a bare EnvelopedData, or a request in the clear");
        var outer = new DerReader(der);
        if (!outer.TryEnter(DerTag.Sequence, out var contentInfo) || !contentInfo.TryRead(DerTag.Oid, out _, out var type))
            return false;
        failure = type.Span.SequenceEqual(CmsOid.AuthEnvelopedData)
            ? Unsupported("authenticated content encryption")
            : new EnrolmentFailure(FailureReason.MalformedRequest, "the content is no EnvelopedData");
        if (!type.Span.SequenceEqual(CmsOid.EnvelopedData)
            || !contentInfo.TryEnter(DerTag.ContextConstructed(0), out content)
            || !contentInfo.AtEnd)
            return false;
        failure = null;
        return true;
    }

    private static bool TryReadEnvelopedData(DerReader content, out EnvelopedData? envelope, out EnrolmentFailure? failure)
    {
        failure = null;
        if (!EnvelopedData.TryRead(content, out envelope, out var defect))
            failure = new EnrolmentFailure(FailureReason.MalformedRequest, defect!);
        else if (!envelope!.ContentType.Span.SequenceEqual(CmsOid.Data))
            failure = new EnrolmentFailure(FailureReason.MalformedRequest, "the contentType inside the EnvelopedData is not data");
        return failure is null;
    }

    private RaPair? FindRecipient(
        Reading reading, EnvelopedData envelope, out KeyTransportRecipient recipient, out EnrolmentFailure? failure)
    {
        var now = clock.GetUtcNow();
        failure = null;
        foreach (var candidate in envelope.KeyTransports)
        {
            recipient = candidate;
            if (keys.FindRecipient(candidate.Recipient, now) is { } pair)
                return pair;

            // RFC 8894 §5.1: who encrypts to the next CA's RA wants a certificate of the next CA.
            if (next is { Keys: var nextKeys } && nextKeys.HasValidPair(now)
                && nextKeys.FindRecipient(candidate.Recipient, now) is { } following)
            {
                reading.ToNextCa = true;
                return following;
            }
        }

        recipient = default;
        if (envelope.KeyTransports.Count == 0 && (envelope.HasOtherRecipients || envelope.Password is not null))
            failure = Unsupported("no recipient by key transport: requests are not taken by key agreement, nor by password here");
        else
            failure = new EnrolmentFailure(FailureReason.NotEncryptedToUs, DescribeWrongRecipients(envelope, now));
        return null;
    }

    // The commonest mistake of a first set-up: the client took the CA's certificate for the RA's.
    private string DescribeWrongRecipients(EnvelopedData envelope, DateTimeOffset now)
    {
        var named = string.Join(" and ", envelope.KeyTransports.Take(3).Select(recipient => recipient.Recipient.ToString()));
        return $"encrypted to {(named.Length == 0 ? "no recipient" : named)}, expected {keys.DescribeRecipients(now)}";
    }

    /// <summary>
    /// Always takes the same steps and throws at nothing: a wrong key shows as content that makes no sense (RFC 3218). Where
    /// <paramref name="genuine"/> is false, the result is the undecipherable rest, to be worked on like any other.
    /// </summary>
    private static Memory<byte> Decrypt(
        RaPair pair,
        KeyTransport transport,
        ReadOnlySpan<byte> encryptedKey,
        ContentCipher cipher,
        ReadOnlySpan<byte> iv,
        ReadOnlySpan<byte> encrypted,
        out bool genuine)
    {
        Span<byte> key = stackalloc byte[ContentCipher.MaxKeyLength];
        key = key[..cipher.KeyLength];
        if (HasWholeBlocks(cipher, encrypted))
            pair.Transport.Open(transport, encryptedKey, key);
        return Decrypt(key, cipher, iv, encrypted, out genuine);
    }

    private static Memory<byte> Decrypt(
        Span<byte> key, ContentCipher cipher, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> encrypted, out bool genuine)
    {
        genuine = false;
        if (!HasWholeBlocks(cipher, encrypted))
            return default;
        var plaintext = new byte[encrypted.Length];
        var length = cipher.Refuses(key) ? plaintext.Length : cipher.Decrypt(key, iv, encrypted, plaintext, out genuine);
        CryptographicOperations.ZeroMemory(key);
        return plaintext.AsMemory(0, length);
    }

    private static bool HasWholeBlocks(ContentCipher cipher, ReadOnlySpan<byte> encrypted) =>
        !encrypted.IsEmpty && encrypted.Length % cipher.BlockLength == 0;

    // RFC 8894 §3.3.1. From here to a verified PKCS#10 every failure is one and the same to the outside; only the detail, for the log,
    // tells more.
    private ScepContent ReadRequest(Memory<byte> plaintext, bool genuine)
    {
        var request = CsrReader.Read(plaintext, policy);
        if (genuine && request is CsrReading.Valid valid)
            return new ScepContent.CertificationRequest(valid.Csr);
        CryptographicOperations.ZeroMemory(plaintext.Span);
        return request switch
        {
            CsrReading.Invalid invalid when genuine => Refuse(FailureReason.UnreadableContent, invalid.Defect),
            _ => Refuse(FailureReason.UnreadableContent, "the envelope does not open: wrong key, padding or length"),
        };
    }

    // RFC 8894 §3.3.4 and §3.3.5. Nothing in it is signed, so that content of a stranger's making is read more often than in a request:
    // whether it could be read is not told (ADR 12).
    private static ScepContent.CertQuery ReadQuery(Memory<byte> plaintext, bool genuine)
    {
        if (genuine && CertificateId.ReadIssuerAndSerialNumber(plaintext) is { } named)
            return new ScepContent.CertQuery(named);
        CryptographicOperations.ZeroMemory(plaintext.Span);
        return new ScepContent.CertQuery(null);
    }

    private static ScepContent.Refused Refuse(FailureReason reason, string detail) => new(new EnrolmentFailure(reason, detail));
}
