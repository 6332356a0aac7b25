using System.Globalization;
using System.Text;

namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>Content octets of an OBJECT IDENTIFIER (X.690 §8.19) as dotted text.</summary>
internal static class DerOid
{
    public static bool TryFormat(ReadOnlySpan<byte> content, out string oid)
    {
        oid = string.Empty;
        if (content.IsEmpty || content.Length > DecodingLimits.OidOctets)
            return false;
        var text = new StringBuilder(content.Length * 3);
        while (!content.IsEmpty)
        {
            if (!TryReadArc(ref content, out var arc))
                return false;
            if (text.Length == 0)
                AppendFirst(text, arc);
            else
                text.Append(CultureInfo.InvariantCulture, $".{arc}");
        }

        oid = text.ToString();
        return true;
    }

    // X.690 §8.19.4: the first two arcs share one number, 40 * first + second, and only the first arc 2 has more than 40 children.
    private static void AppendFirst(StringBuilder text, UInt128 both)
    {
        var first = both < 80 ? both / 40 : 2;
        text.Append(CultureInfo.InvariantCulture, $"{first}.{both - (first * 40)}");
    }

    // 128 bits, because arcs below 2.25 are UUIDs.
    private static bool TryReadArc(ref ReadOnlySpan<byte> content, out UInt128 arc)
    {
        arc = 0;
        // X.690 §8.19.2: no leading 0x80.
        if (content[0] == 0x80)
            return false;
        for (var i = 0; i < content.Length; i++)
        {
            if (arc >> (128 - 7) != 0)
                return false;
            arc = (arc << 7) | (uint)(content[i] & 0x7F);
            if (content[i] < 0x80)
            {
                content = content[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
