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
    public bool TryReadAny(out byte tag, out ReadOnlyMemory<byte> content, out ReadOnlyMemory<byte> whole)
    {
        // X.690 §10.1: definite lengths in the fewest octets.
        if (!BerHeader.TryRead(_rest.Span, out var header, out _) || !header.IsMinimal || header.Length > _rest.Length - header.Size)
        {
            tag = 0;
            content = whole = default;
            return false;
        }

        tag = header.Tag;
        whole = _rest[..(header.Size + header.Length)];
        content = whole[header.Size..];
        _rest = _rest[whole.Length..];
        return true;
    }

    /// <summary>Next element if it bears <paramref name="tag"/>: its content.</summary>
    public bool TryRead(byte tag, out ReadOnlyMemory<byte> content) => TryRead(tag, out content, out _);

    /// <summary>Next element if it bears <paramref name="tag"/>: content and the whole TLV.</summary>
    public bool TryRead(byte tag, out ReadOnlyMemory<byte> content, out ReadOnlyMemory<byte> whole)
    {
        if (!_rest.IsEmpty && _rest.Span[0] == tag)
            return TryReadAny(out _, out content, out whole);
        content = whole = default;
        return false;
    }

    /// <summary>Next element if it is a constructed one with <paramref name="tag"/>: a reader over its content.</summary>
    public bool TryEnter(byte tag, out DerReader inner)
    {
        var entered = TryRead(tag, out var content);
        inner = new DerReader(content);
        return entered;
    }

    /// <summary>OBJECT IDENTIFIER as dotted text.</summary>
    public bool TryReadOid(out string oid)
    {
        var probe = this;
        if (!probe.TryRead(DerTag.Oid, out var content) || !DerOid.TryFormat(content.Span, out oid))
        {
            oid = string.Empty;
            return false;
        }

        this = probe;
        return true;
    }

    /// <summary>INTEGER small enough for an int.</summary>
    public bool TryReadInt32(out int value)
    {
        value = 0;
        var probe = this;
        if (!probe.TryReadInteger(out var content) || content.Length > sizeof(int))
            return false;
        // Sign-extends the first octet, then shifts the others in.
        value = (sbyte)content.Span[0];
        foreach (var octet in content.Span[1..])
            value = (value << 8) | octet;
        this = probe;
        return true;
    }

    /// <summary>INTEGER of any size: its content octets, two's complement, big-endian, in the fewest octets.</summary>
    public bool TryReadInteger(out ReadOnlyMemory<byte> content)
    {
        var probe = this;
        // X.690 §8.3.2: at least one octet, and the first nine bits neither all zero nor all one.
        if (!probe.TryRead(DerTag.Integer, out content) || !IsShortest(content.Span))
        {
            content = default;
            return false;
        }

        this = probe;
        return true;
    }

    /// <summary>INTEGER that is not negative: its magnitude, big-endian without leading zeros (empty for zero).</summary>
    public bool TryReadUnsigned(out ReadOnlyMemory<byte> magnitude)
    {
        var probe = this;
        if (!probe.TryReadInteger(out magnitude) || magnitude.Span[0] >= 0x80)
        {
            magnitude = default;
            return false;
        }

        magnitude = magnitude.Span[0] == 0 ? magnitude[1..] : magnitude;
        this = probe;
        return true;
    }

    /// <summary>BIT STRING of whole octets: the octets.</summary>
    public bool TryReadOctetsInBitString(out ReadOnlyMemory<byte> octets)
    {
        var probe = this;
        if (!probe.TryRead(DerTag.BitString, out octets) || octets.IsEmpty || octets.Span[0] != 0)
        {
            octets = default;
            return false;
        }

        octets = octets[1..];
        this = probe;
        return true;
    }

    private static bool IsShortest(ReadOnlySpan<byte> content) =>
        content.Length == 1
        || (content.Length > 1 && !(content[0] == 0x00 && content[1] < 0x80) && !(content[0] == 0xFF && content[1] >= 0x80));
}
