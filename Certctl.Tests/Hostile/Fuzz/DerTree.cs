using System.Diagnostics.CodeAnalysis;


namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>
/// BER taken apart so that it can be put together differently. Strings that hold an element themselves (extension values, the envelope in a
/// SignedData) are taken apart too. Lengths are made anew in writing: what changes inside stays well-formed around.
/// </summary>
internal sealed class DerTree
{
    private const int MaxDepth = 40;

    public byte Tag { get; set; }

    /// <summary>Null for an element of plain octets.</summary>
    public List<DerTree>? Children { get; set; }

    public byte[] Content { get; set; } = [];

    /// <summary>What stands before the children: the unused bits of a BIT STRING.</summary>
    public byte[] Lead { get; private init; } = [];

    public DerLength Length { get; set; }

    public bool IsConstructed => (Tag & 0x20) != 0;

    public static bool TryParse(ReadOnlySpan<byte> der, [NotNullWhen(true)] out DerTree? tree) =>
        TryParse(ref der, 0, out tree) && der.IsEmpty;

    /// <summary>This element and all below it, parents first.</summary>
    public IEnumerable<DerTree> All() => (Children ?? []).SelectMany(child => child.All()).Prepend(this);

    public DerTree Clone() => new()
    {
        Tag = Tag,
        Children = Children?.ConvertAll(child => child.Clone()),
        Content = Content,
        Lead = Lead,
        Length = Length,
    };

    public byte[] Encode()
    {
        var buffer = new List<byte>();
        Write(buffer);
        return [.. buffer];
    }

    private static bool TryParse(ref ReadOnlySpan<byte> rest, int depth, [NotNullWhen(true)] out DerTree? tree)
    {
        tree = null;
        if (depth == MaxDepth || rest.Length < 2 || (rest[0] & 0x1F) == 0x1F || rest[1] is 0x80 or > 0x83)
            return false;
        var size = rest[1] < 0x80 ? 2 : 2 + (rest[1] & 0x7F);
        var length = size == 2 ? rest[1] : 0;
        if (rest.Length < size)
            return false;
        foreach (var octet in rest[2..size])
            length = (length << 8) | octet;
        if (rest.Length - size < length)
            return false;
        var content = rest.Slice(size, length);
        tree = new DerTree { Tag = rest[0], Content = content.ToArray() };
        if (tree.IsConstructed)
            tree.Children = ParseAll(content, depth + 1);
        else if (rest[0] == 0x04 && TryParseWhole(content, depth + 1) is { } inOctets)
            tree.Children = [inOctets];
        else if (rest[0] == 0x03 && content is [0, ..] && TryParseWhole(content[1..], depth + 1) is { } inBits)
            tree = new DerTree { Tag = 0x03, Children = [inBits], Lead = [0] };
        rest = rest[(size + length)..];
        return true;
    }

    private static DerTree? TryParseWhole(ReadOnlySpan<byte> content, int depth) =>
        TryParse(ref content, depth, out var tree) && content.IsEmpty && tree.Tag != 0 ? tree : null;

    private static List<DerTree>? ParseAll(ReadOnlySpan<byte> content, int depth)
    {
        var children = new List<DerTree>();
        while (!content.IsEmpty)
        {
            if (!TryParse(ref content, depth, out var child))
                return null;
            children.Add(child);
        }

        return children;
    }

    private void Write(List<byte> buffer)
    {
        buffer.Add(Tag);
        var at = buffer.Count;
        buffer.AddRange(Lead);
        if (Children is null)
            buffer.AddRange(Content);
        foreach (var child in Children ?? [])
            child.Write(buffer);
        buffer.InsertRange(at, LengthOctets(buffer.Count - at));
        if (Length == DerLength.Indefinite)
            buffer.AddRange([0, 0]);
    }

    private byte[] LengthOctets(int length) => Length switch
    {
        DerLength.Indefinite => [0x80],
        DerLength.Long => [0x84, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        DerLength.Huge => [0x84, 0x7F, 0xFF, 0xFF, 0xFF],
        DerLength.TooShort => Minimal(Math.Max(0, length - 1)),
        DerLength.TooLong => Minimal(length + 1),
        DerLength.Minimal => Minimal(length),
    };

    private static byte[] Minimal(int length) => length switch
    {
        < 0x80 => [(byte)length],
        <= 0xFF => [0x81, (byte)length],
        <= 0xFFFF => [0x82, (byte)(length >> 8), (byte)length],
        _ => [0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
    };
}

/// <summary>How a length is written: well, in another way of BER, or wrong.</summary>
internal enum DerLength
{
    Minimal,
    Indefinite,
    Long,
    Huge,
    TooShort,
    TooLong,
}
