namespace Certctl.Infrastructure.Crypto.Asn1;

/// <summary>UTCTime and GeneralizedTime in the one form each that DER certificates use (RFC 5280 §4.1.2.5): with seconds, in
/// UTC.</summary>
internal static class DerTime
{
    /// <summary>Of what is written here, with tag and length.</summary>
    public const int MaxOctets = 2 + GeneralizedTimeLength;

    private const int UtcTimeLength = 13;
    private const int GeneralizedTimeLength = 15;
    private const int FirstGeneralizedYear = 2050;

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

    /// <summary>Time (RFC 5280 §4.1.2.5): UTCTime through 2049, then GeneralizedTime; whole seconds, without an allocation.</summary>
    /// <returns>How many octets it is, with tag and length.</returns>
    public static int Write(Span<byte> octets, DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        if (utc.Year >= FirstGeneralizedYear)
            return WriteGeneralized(octets, time);
        (octets[0], octets[1]) = (DerTag.UtcTime, UtcTimeLength);
        WriteDigits(octets[2..], utc.Year % 100);
        return 4 + WriteWithinYear(octets[4..], utc);
    }

    /// <summary>The same as GeneralizedTime whatever the year, which invalidityDate (RFC 5280 §5.3.2) and OCSP ask for.</summary>
    public static int WriteGeneralized(Span<byte> octets, DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        (octets[0], octets[1]) = (DerTag.GeneralizedTime, GeneralizedTimeLength);
        WriteDigits(octets[2..], utc.Year / 100);
        WriteDigits(octets[4..], utc.Year % 100);
        return 6 + WriteWithinYear(octets[6..], utc);
    }

    // MMDDHHMMSSZ
    private static int WriteWithinYear(Span<byte> octets, DateTime utc)
    {
        WriteDigits(octets, utc.Month);
        WriteDigits(octets[2..], utc.Day);
        WriteDigits(octets[4..], utc.Hour);
        WriteDigits(octets[6..], utc.Minute);
        WriteDigits(octets[8..], utc.Second);
        octets[10] = (byte)'Z';
        return 11;
    }

    private static void WriteDigits(Span<byte> octets, int number) =>
        (octets[0], octets[1]) = ((byte)('0' + (number / 10)), (byte)('0' + (number % 10)));

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
