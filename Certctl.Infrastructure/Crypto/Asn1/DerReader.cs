namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// A cursor over strict DER. No exceptions for what a client sent: every Try… says false and leaves the cursor where it was.
/// Works on memory (not span) so that what it finds can be kept without a copy.
/// </summary>
internal struct DerReader(ReadOnlyMemory<byte> data)
{
    private ReadOnlyMemory<byte> _rest = data;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Tag octet of the next element (low-tag-number form only), 0 at the end.</summary>
    public readonly byte PeekTag => _rest.IsEmpty ? (byte)0 : _rest.Span[0];

    /// <summary>Next element whatever its tag: the whole TLV and its content.</summary>
    public bool TryReadAny(out byte tag, out ReadOnlyMemory<byte> content, out ReadOnlyMemory<byte> whole) => throw new NotImplementedException();

    /// <summary>Next element if it bears <paramref name="tag"/>: its content.</summary>
    public bool TryRead(byte tag, out ReadOnlyMemory<byte> content) => throw new NotImplementedException();

    /// <summary>Next element if it bears <paramref name="tag"/>: content and the whole TLV.</summary>
    public bool TryRead(byte tag, out ReadOnlyMemory<byte> content, out ReadOnlyMemory<byte> whole) => throw new NotImplementedException();

    /// <summary>Next element if it is a constructed one with <paramref name="tag"/>: a reader over its content.</summary>
    public bool TryEnter(byte tag, out DerReader inner) => throw new NotImplementedException();

    /// <summary>OBJECT IDENTIFIER as dotted text.</summary>
    public bool TryReadOid(out string oid) => throw new NotImplementedException();

    /// <summary>INTEGER small enough for an int.</summary>
    public bool TryReadInt32(out int value) => throw new NotImplementedException();
}

/// <summary>Tag octets of the universal class.</summary>
internal static class DerTag
{
    public const byte Boolean = 0x01;
    public const byte Integer = 0x02;
    public const byte BitString = 0x03;
    public const byte OctetString = 0x04;
    public const byte Null = 0x05;
    public const byte Oid = 0x06;
    public const byte Utf8String = 0x0C;
    public const byte NumericString = 0x12;
    public const byte PrintableString = 0x13;
    public const byte T61String = 0x14;
    public const byte Ia5String = 0x16;
    public const byte UtcTime = 0x17;
    public const byte GeneralizedTime = 0x18;
    public const byte VisibleString = 0x1A;
    public const byte UniversalString = 0x1C;
    public const byte BmpString = 0x1E;
    public const byte Sequence = 0x30;
    public const byte Set = 0x31;

    /// <summary>[n], primitive.</summary>
    public static byte Context(int n) => (byte)(0x80 | n);

    /// <summary>[n], constructed.</summary>
    public static byte ContextConstructed(int n) => (byte)(0xA0 | n);
}
