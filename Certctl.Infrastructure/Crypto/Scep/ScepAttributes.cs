using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>The signed attributes of a request that mean something to us (RFC 8894 §3.2.1); all others are ignored.</summary>
internal sealed class ScepAttributes
{
    private AttributeValue _contentType;
    private AttributeValue _messageDigest;
    private AttributeValue _messageType;
    private AttributeValue _transactionId;
    private AttributeValue _senderNonce;

    private ScepAttributes()
    {
    }

    public TransactionId TransactionId => TransactionId.FromBytes(_transactionId.Content.Span);

    public byte TransactionIdTag => _transactionId.Tag;

    /// <summary>Empty when absent or not fit to be repeated.</summary>
    public ReadOnlyMemory<byte> SenderNonce =>
        _senderNonce.IsSingle(DerTag.OctetString) && _senderNonce.Content.Length <= DecodingLimits.NonceOctets
            ? _senderNonce.Content
            : default;

    /// <summary>The type named, or null when it is none of RFC 8894 §3.2.1.2, in the only spelling that it gives them.</summary>
    public MessageType? MessageType => IsText(_messageType) ? ParseMessageType(_messageType.Content.Span) : null;

    /// <summary>Empty when missing.</summary>
    public ReadOnlySpan<byte> MessageDigest => _messageDigest.IsSingle(DerTag.OctetString) ? _messageDigest.Content.Span : [];

    /// <summary>The OBJECT IDENTIFIER, tag and length included; empty when missing.</summary>
    public ReadOnlySpan<byte> ContentType => _contentType.IsSingle(DerTag.Oid) ? _contentType.Whole.Span : [];

    /// <summary>At least one is of RFC 8894 §3.2.1: who sends it means a pkiMessage.</summary>
    public bool AreOfAPkiMessage => !_messageType.IsAbsent || !_transactionId.IsAbsent || !_senderNonce.IsAbsent;

    /// <summary>False, with the defect in words, when there is no transactionID: then nothing can be answered.</summary>
    /// <param name="encoded">The [0] element of the SignerInfo.</param>
    public static bool TryRead(ReadOnlyMemory<byte> encoded, out ScepAttributes? attributes, out string? defect)
    {
        defect = "signedAttrs are missing or cannot be read";
        if (!TryReadAny(encoded, out attributes))
            return false;
        if (attributes!._transactionId.IsSingle() && IsAnyString(attributes._transactionId.Tag)
            && attributes._transactionId.Content.Length is not 0 and <= Domain.Enrolments.TransactionId.MaxLength)
        {
            defect = null;
            return true;
        }

        (attributes, defect) = (null, "transactionID is missing, repeated, no string, or not of 1 to 256 octets");
        return false;
    }

    /// <summary>False when they are missing or cannot be read; none of them needs to be one of ours.</summary>
    /// <param name="encoded">The [0] element of the SignerInfo.</param>
    public static bool TryReadAny(ReadOnlyMemory<byte> encoded, out ScepAttributes? attributes)
    {
        attributes = null;
        var reading = new ScepAttributes();
        var outer = new DerReader(encoded);
        if (!outer.TryEnter(DerTag.ContextConstructed(0), out var set))
            return false;
        for (var count = 0; !set.AtEnd; count++)
        {
            if (count == DecodingLimits.SignedAttributes
                || !set.TryEnter(DerTag.Sequence, out var attribute)
                || !attribute.TryRead(DerTag.Oid, out _, out var type)
                || !attribute.TryEnter(DerTag.Set, out var values)
                || !attribute.AtEnd)
                return false;
            reading.Take(type.Span, values);
        }

        attributes = reading;
        return true;
    }

    /// <summary>
    /// What breaks the shape of RFC 8894 §3.2.1 and RFC 5652 §11, or null. A missing messageDigest or contentType is the verifier's
    /// matter.
    /// </summary>
    public string? FindDefect()
    {
        // Control characters have no place in a PrintableString, and would write lines of their own into logs. Other illegal ones are in
        // the field.
        if (_transactionId.Content.Span.IndexOfAnyInRange((byte)0, (byte)0x1F) >= 0
            || _transactionId.Content.Span.IndexOfAnyInRange((byte)0x7F, (byte)0x9F) >= 0)
            return "transactionID has control characters";
        if (_contentType.IsAmbiguous || _messageDigest.IsAmbiguous || _messageType.IsAmbiguous || _senderNonce.IsAmbiguous)
            return "contentType, messageDigest, messageType or senderNonce is not exactly one value";
        if (_messageType.IsAbsent || !IsText(_messageType))
            return "messageType is missing or no string";
        if (!_senderNonce.IsAbsent && !_senderNonce.IsSingle(DerTag.OctetString))
            return "senderNonce is no OCTET STRING";
        return _senderNonce.Content.Length > DecodingLimits.NonceOctets
            ? $"senderNonce is longer than {DecodingLimits.NonceOctets} octets"
            : null;
    }

    private void Take(ReadOnlySpan<byte> type, DerReader values)
    {
        if (type.SequenceEqual(CmsOid.ContentType))
            _contentType.Add(values);
        else if (type.SequenceEqual(CmsOid.MessageDigest))
            _messageDigest.Add(values);
        else if (type.SequenceEqual(ScepOid.MessageType))
            _messageType.Add(values);
        else if (type.SequenceEqual(ScepOid.TransactionId))
            _transactionId.Add(values);
        else if (type.SequenceEqual(ScepOid.SenderNonce))
            _senderNonce.Add(values);
    }

    // RFC 8894 §3.2.1.2: a decimal number without anything around it.
    private static MessageType? ParseMessageType(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("19"u8))
            return Application.Scep.MessageType.PkcsReq;
        if (text.SequenceEqual("17"u8))
            return Application.Scep.MessageType.RenewalReq;
        if (text.SequenceEqual("20"u8))
            return Application.Scep.MessageType.GetCertInitial;
        if (text.SequenceEqual("21"u8))
            return Application.Scep.MessageType.GetCert;
        if (text.SequenceEqual("22"u8))
            return Application.Scep.MessageType.GetCrl;
        return text.SequenceEqual("3"u8) ? Application.Scep.MessageType.CertRep : null;
    }

    private static bool IsText(AttributeValue value) =>
        value.IsSingle() && value.Tag is DerTag.PrintableString or DerTag.Utf8String or DerTag.Ia5String;

    private static bool IsAnyString(byte tag) => tag is DerTag.PrintableString or DerTag.Utf8String or DerTag.Ia5String or DerTag.T61String
        or DerTag.VisibleString or DerTag.NumericString or DerTag.BmpString or DerTag.UniversalString;

    /// <summary>The value of an attribute that must be there once, with one value.</summary>
    private struct AttributeValue
    {
        private int _attributes;

        public byte Tag { get; private set; }

        public ReadOnlyMemory<byte> Content { get; private set; }

        public ReadOnlyMemory<byte> Whole { get; private set; }

        public bool IsAmbiguous { get; private set; }

        public readonly bool IsAbsent => _attributes == 0;

        public readonly bool IsSingle() => _attributes == 1 && !IsAmbiguous;

        public readonly bool IsSingle(byte tag) => IsSingle() && Tag == tag;

        // RFC 5652 §11 and RFC 8894 §3.2.1: one attribute of a type, one value in it.
        public void Add(DerReader values)
        {
            _attributes++;
            if (values.TryReadAny(out var tag, out var content, out var whole) && values.AtEnd && _attributes == 1)
                (Tag, Content, Whole) = (tag, content, whole);
            else
                IsAmbiguous = true;
        }
    }
}
