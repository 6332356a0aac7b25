namespace Certctl.Domain.Certificates;

/// <summary>The dotted form of OBJECT IDENTIFIERs.</summary>
internal static class ObjectIdentifier
{
    private const int MaxLength = 128;

    // 128 bits: the arcs below 2.25 are UUIDs.
    private const int MaxArcDigits = 38;

    /// <summary>
    /// True for what can be encoded (X.660 §7.6): arcs without leading zeros, the first 0 to 2,
    /// and the second below 40 where the first is 0 or 1.
    /// </summary>
    public static bool IsValid(string text)
    {
        if (text.Length > MaxLength || text.Split('.') is not { Length: >= 2 } arcs || !arcs.All(IsArc))
            return false;
        return arcs[0] is "0" or "1"
            ? arcs[1].Length <= 2 && int.Parse(arcs[1], System.Globalization.CultureInfo.InvariantCulture) < 40
            : arcs[0] == "2";
    }

    private static bool IsArc(string arc) =>
        arc.Length is > 0 and <= MaxArcDigits && arc.All(char.IsAsciiDigit) && (arc == "0" || arc[0] != '0');
}
