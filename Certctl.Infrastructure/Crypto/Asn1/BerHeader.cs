namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>Identifier and length octets of one BER element (X.690 §8.1.2, §8.1.3).</summary>
/// <param name="Tag">The identifier octet; low-tag-number form only.</param>
/// <param name="Size">Octets of identifier and length together.</param>
/// <param name="Length">Octets of content; <see cref="Indefinite"/> when end-of-contents octets close it.</param>
/// <param name="IsMinimal">The length is definite and in as few octets as DER demands.</param>
internal readonly record struct BerHeader(byte Tag, int Size, int Length, bool IsMinimal)
{
    public const int Indefinite = -1;

    private const int ConstructedBit = 0x20;
    private const int TagNumberMask = 0x1F;

    public bool IsConstructed => (Tag & ConstructedBit) != 0;

    /// <summary>Octets that a DER header for so much content takes.</summary>
    public static int SizeFor(int length) => length switch
    {
        < 0x80 => 2,
        <= 0xFF => 3,
        <= 0xFFFF => 4,
        <= 0xFFFFFF => 5,
        _ => 6,
    };

    /// <summary>Writes a DER header to the start of <paramref name="target"/>, which has <see cref="SizeFor"/> octets of space.</summary>
    public static void Write(Span<byte> target, byte tag, int length)
    {
        var size = SizeFor(length);
        target[0] = tag;
        if (size == 2)
        {
            target[1] = (byte)length;
            return;
        }

        target[1] = (byte)(0x80 | (size - 2));
        for (var i = size - 1; i >= 2; i--, length >>= 8)
            target[i] = (byte)length;
    }

    /// <summary>
    /// Reads the header at the start of <paramref name="data"/>; whether the content is all there is for the caller to check.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out BerHeader header, out string? defect)
    {
        header = default;
        defect = null;
        if (data.Length < 2)
            defect = "the input ends inside an element's header";
        else if ((data[0] & TagNumberMask) == TagNumberMask)
            defect = "a tag number above 30";
        else if (data[1] < 0x80)
            header = new BerHeader(data[0], 2, data[1], IsMinimal: true);
        else if (data[1] == 0x80)
            header = new BerHeader(data[0], 2, Indefinite, IsMinimal: false);
        else
            return TryReadLongForm(data, out header, out defect);

        return defect is null;
    }

    private static bool TryReadLongForm(ReadOnlySpan<byte> data, out BerHeader header, out string? defect)
    {
        header = default;
        defect = null;
        var count = data[1] & 0x7F;
        // X.690 §8.1.3.5 c: 0xFF is reserved.
        if (count == 0x7F)
            defect = "a reserved length octet";
        else if (data.Length < 2 + count)
            defect = "the input ends inside an element's header";

        var length = 0L;
        for (var i = 0; i < count && defect is null; i++)
        {
            length = (length << 8) | data[2 + i];
            if (length > int.MaxValue)
                defect = "an element's length is beyond two gigabytes";
        }

        if (defect is not null)
            return false;
        header = new BerHeader(data[0], 2 + count, (int)length, IsMinimal: SizeFor((int)length) == 2 + count);
        return true;
    }
}
