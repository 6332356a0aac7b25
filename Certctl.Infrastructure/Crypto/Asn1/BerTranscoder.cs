namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>
/// One pass over one BER element: with an empty output it only measures, otherwise it writes the DER framing. A constructed element is
/// opened with space for the shortest header; when it closes and needs a longer one, its content is moved up,
/// each octet at most once per level.
/// </summary>
internal ref struct BerTranscoder(ReadOnlySpan<byte> input, Span<byte> output)
{
    private const byte EndOfContents = 0x00;
    private const byte ConstructedOctetString = DerTag.OctetString | 0x20;
    private const int ShortHeader = 2;

    private readonly ReadOnlySpan<byte> _input = input;
    private readonly Span<byte> _output = output;
    private readonly bool _writes = !output.IsEmpty;
    private Levels _levels;
    private int _depth;

    /// <summary>Octets of the input that have been read.</summary>
    public int Position { get; private set; }

    /// <summary>Octets of the output that have been written.</summary>
    public int Written { get; private set; }

    /// <summary>Nothing met so far differs from DER framing.</summary>
    public bool IsDer { get; private set; } = true;

    public bool TryRun(out string? defect)
    {
        do
        {
            if (!TryStep(out defect))
                return false;
            CloseFinished();
        }
        while (_depth > 0);
        return true;
    }

    private bool TryStep(out string? defect)
    {
        if (!BerHeader.TryRead(_input[Position..Limit()], out var header, out defect))
            return false;
        if (header.Tag == EndOfContents)
            return TryEnd(header, out defect);

        IsDer &= header.IsMinimal && header.Tag != ConstructedOctetString;
        defect = Objection(header);
        if (defect is not null)
            return false;
        Position += header.Size;
        if (header.IsConstructed)
            Open(header);
        else
            Copy(header);
        return true;
    }

    private readonly string? Objection(BerHeader header)
    {
        if (header.Length == BerHeader.Indefinite && !header.IsConstructed)
            return "an indefinite length on a primitive element";
        if (header.Length > Limit() - Position - header.Size)
            return "an element is longer than what encloses it";
        if (header.IsConstructed && _depth == DecodingLimits.Depth)
            return "the nesting is too deep";
        // X.690 §8.7.3: the pieces of an OCTET STRING are OCTET STRINGs.
        if (InOctetString() && header.Tag is not (DerTag.OctetString or ConstructedOctetString))
            return "an OCTET STRING in pieces contains something else";
        return null;
    }

    private bool TryEnd(BerHeader header, out string? defect)
    {
        // X.690 §8.1.5: two zero octets, and only where an indefinite length is open.
        defect = header.Length != 0 || _depth == 0 || !_levels[_depth - 1].IsIndefinite ? "unexpected end-of-contents octets" : null;
        if (defect is not null)
            return false;
        Position += header.Size;
        Close();
        return true;
    }

    private void Open(BerHeader header)
    {
        var joins = header.Tag == ConstructedOctetString;
        var isPiece = InOctetString();
        var isIndefinite = header.Length == BerHeader.Indefinite;
        var level = new Level
        {
            Tag = joins ? DerTag.OctetString : header.Tag,
            End = isIndefinite ? Limit() : Position + header.Length,
            IsIndefinite = isIndefinite,
            Joins = joins,
            IsPiece = isPiece,
            Start = Written,
        };
        _levels[_depth++] = level;
        if (_writes && !isPiece)
            Written += ShortHeader;
    }

    private void Copy(BerHeader header)
    {
        var content = _input.Slice(Position, header.Length);
        Position += header.Length;
        if (!_writes)
            return;
        if (!InOctetString())
        {
            BerHeader.Write(_output[Written..], header.Tag, header.Length);
            Written += BerHeader.SizeFor(header.Length);
        }

        content.CopyTo(_output[Written..]);
        Written += content.Length;
    }

    private void CloseFinished()
    {
        while (_depth > 0 && !_levels[_depth - 1].IsIndefinite && _levels[_depth - 1].End == Position)
            Close();
    }

    private void Close()
    {
        var level = _levels[--_depth];
        if (!_writes || level.IsPiece)
            return;
        var from = level.Start + ShortHeader;
        var length = Written - from;
        var shift = BerHeader.SizeFor(length) - ShortHeader;
        if (shift > 0)
            _output[from..Written].CopyTo(_output[(from + shift)..]);
        BerHeader.Write(_output[level.Start..], level.Tag, length);
        Written += shift;
    }

    private readonly bool InOctetString() => _depth > 0 && _levels[_depth - 1].Joins;

    private readonly int Limit() => _depth == 0 ? _input.Length : _levels[_depth - 1].End;

    private struct Level
    {
        public byte Tag;

        /// <summary>Where the content ends at the latest.</summary>
        public int End;

        public bool IsIndefinite;

        /// <summary>An OCTET STRING in pieces: what it contains is joined.</summary>
        public bool Joins;

        /// <summary>Itself a piece of such an OCTET STRING: no header of its own.</summary>
        public bool IsPiece;

        /// <summary>Where its header stands in the output.</summary>
        public int Start;
    }

    [System.Runtime.CompilerServices.InlineArray(DecodingLimits.Depth)]
    private struct Levels
    {
        private Level _first;
    }
}
