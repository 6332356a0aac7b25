namespace Certctl.Domain.Certificates;

/// <summary>
/// Case folding for names that are compared without regard to case (RFC 5280 §7.2, §7.5; UPNs): A to Z alone. Unicode's folding makes
/// different names equal: KELVIN SIGN (U+212A) becomes k, LATIN SMALL LETTER LONG S (U+017F) becomes s.
/// </summary>
public static class AsciiCase
{
    /// <summary>The text with A to Z in lower case; every other character as it is.</summary>
    public static string ToLower(string text) => text.AsSpan().ContainsAnyInRange('A', 'Z')
        ? string.Create(text.Length, text, static (lower, original) =>
        {
            for (var i = 0; i < lower.Length; i++)
                lower[i] = char.IsAsciiLetterUpper(original[i]) ? (char)(original[i] | 0x20) : original[i];
        })
        : text;
}
