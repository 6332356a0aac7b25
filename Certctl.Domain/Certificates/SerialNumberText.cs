using System.Globalization;
using System.Numerics;

namespace Certctl.Domain.Certificates;

/// <summary>
/// Serial numbers as tools write them: hex in any case, with or without leading zeros, <c>0x</c>, and single colons, blanks or hyphens
/// between digits (openssl, Windows, browsers); decimal (Java, databases). Where both are possible the length decides: up to 40 digits
/// after the leading zeros are hex, digits 0 to 9 beyond that decimal. A decimal form of up to 40 digits is therefore read as hex.
/// </summary>
public static class SerialNumberText
{
    /// <summary>Hex digits of the longest serial number (RFC 5280 §4.1.2.2: 20 octets).</summary>
    public const int HexDigits = 40;

    private const int MaxText = 200;

    /// <summary>40 lower-case hex digits; null for what is no positive number of at most 20 octets.</summary>
    public static string? Read(string text)
    {
        // Windows puts a left-to-right mark in front of what is copied from its dialog.
        var trimmed = text.Trim().TrimStart('\u200E', '\u200F').Trim();
        if (trimmed.Length is 0 or > MaxText)
            return null;
        var isMarked = trimmed.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (JoinOctets(isMarked ? trimmed[2..] : trimmed) is not { } digits)
            return null;
        var significant = digits.TrimStart('0').ToLowerInvariant();
        if (significant.Length is > 0 and <= HexDigits)
            return significant.PadLeft(HexDigits, '0');
        return !isMarked && digits.Length == trimmed.Length && digits.All(char.IsAsciiDigit) ? OfDecimal(digits) : null;
    }

    // A separator stands between digits, one at a time: a hyphen in front is a minus, and no serial number of ours is negative.
    private static string? JoinOctets(string text)
    {
        var digits = new char[text.Length];
        var count = 0;
        var wasDigit = false;
        foreach (var c in text)
        {
            var isDigit = char.IsAsciiHexDigit(c);
            if (isDigit)
                digits[count++] = c;
            else if (!wasDigit || c is not (':' or ' ' or '-'))
                return null;
            wasDigit = isDigit;
        }

        return wasDigit ? new string(digits, 0, count) : null;
    }

    private static string? OfDecimal(string digits)
    {
        var number = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var hex = number.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return hex.Length is > 0 and <= HexDigits ? hex.PadLeft(HexDigits, '0') : null;
    }
}
