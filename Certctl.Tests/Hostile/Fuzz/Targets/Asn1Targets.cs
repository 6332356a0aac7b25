using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

internal static class Asn1Targets
{
    // Deeper than the recursion below needs to reach every path of the reader.
    private const int MaxDepth = 24;

    public static void Normalise(byte[] input)
    {
        if (!BerNormaliser.TryNormalise(input, out var der, out var consumed, out var defect))
        {
            ContradictionException.Unless(defect is not null && der.IsEmpty && consumed == 0, "what is refused has a defect and no result");
            return;
        }

        ContradictionException.Unless(consumed > 0 && consumed <= input.Length, "no more is consumed than there is");
        ContradictionException.Unless(
            BerNormaliser.TryNormalise(der, out var again, out var all, out _) && all == der.Length && again.Span.SequenceEqual(der.Span),
            "what is normal stays as it is");
        var reader = new DerReader(der);
        ContradictionException.Unless(
            reader.TryReadAny(out _, out _, out var whole) && whole.Length == der.Length && reader.AtEnd,
            "what is normal is one element of DER");
    }

    public static void Descend(byte[] input) => Descend(new DerReader(input), 0);

    private static void Descend(DerReader reader, int depth)
    {
        while (!reader.AtEnd && depth < MaxDepth)
        {
            var before = reader;
            var types = (TryAsOid(reader) ? 1 : 0) + (TryAsNumber(reader) ? 1 : 0)
                + (TryAsTime(reader) ? 1 : 0) + (TryAsBits(reader) ? 1 : 0);
            ContradictionException.Unless(types <= 1, "an element is of one type");
            if (!reader.TryReadAny(out var tag, out var content, out var whole))
            {
                ContradictionException.Unless(
                    reader.PeekTag == before.PeekTag && !reader.AtEnd, "what cannot be read leaves the cursor where it was");
                return;
            }

            ContradictionException.Unless(
                content.Length < whole.Length && whole.Span[0] == tag && whole.Span.EndsWith(content.Span),
                "an element ends with its content");
            if ((tag & 0x20) != 0)
                Descend(new DerReader(content), depth + 1);
            else
                _ = DerText.TryDecode(tag, content.Span, out _);
        }
    }

    private static bool TryAsOid(DerReader reader) => reader.TryReadOid(out var oid) && oid.Contains('.', StringComparison.Ordinal);

    private static bool TryAsNumber(DerReader reader)
    {
        var (small, unsigned) = (reader, reader);
        var fits = small.TryReadInt32(out var number);
        var isUnsigned = unsigned.TryReadUnsigned(out var magnitude);
        ContradictionException.Unless(!fits || (number >= 0) == isUnsigned, "a number is negative or not");
        ContradictionException.Unless(magnitude.IsEmpty || magnitude.Span[0] != 0, "a magnitude has no leading zero");
        return reader.TryReadInteger(out _);
    }

    private static bool TryAsBits(DerReader reader) => reader.TryReadOctetsInBitString(out _);

    private static bool TryAsTime(DerReader reader) => DerTime.TryRead(ref reader, out _);
}
