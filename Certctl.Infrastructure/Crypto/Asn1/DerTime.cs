namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>UTCTime and GeneralizedTime in the one form each that DER certificates use (RFC 5280 §4.1.2.5): with seconds, in
/// UTC.</summary>
internal static class DerTime
{
    private const int UtcTimeLength = 13;
    private const int GeneralizedTimeLength = 15;

    /// <summary>Next element, when it is a time within the calendar; else false, and the cursor stays where it was.</summary>
    public static bool TryRead(ref DerReader reader, out DateTimeOffset time)
    {
        time = default;
        var probe = reader;
        if (!probe.TryReadAny(out var tag, out var content, out _) || !TryParse(tag, content.Span, out time))
            return false;
        reader = probe;
        return true;
    }

    private static bool TryParse(byte tag, ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        var expected = tag switch { DerTag.UtcTime => UtcTimeLength, DerTag.GeneralizedTime => GeneralizedTimeLength, _ => 0 };
        if (text.Length != expected || expected == 0 || text[^1] != 'Z' || text[..^1].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;

        var year = tag == DerTag.UtcTime ? Century(Number(text, 0)) : (Number(text, 0) * 100) + Number(text, 2);
        var rest = text[(expected - 11)..];
        var (month, day) = (Number(rest, 0), Number(rest, 2));
        var (hour, minute, second) = (Number(rest, 4), Number(rest, 6), Number(rest, 8));
        if (year < 1 || month is < 1 or > 12 || day < 1
            || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
            return false;
        time = new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero);
        return true;
    }

    // RFC 5280 §4.1.2.5.1: 50 and above is the twentieth century.
    private static int Century(int year) => year >= 50 ? 1900 + year : 2000 + year;

    private static int Number(ReadOnlySpan<byte> text, int at) => ((text[at] - '0') * 10) + (text[at + 1] - '0');
}
