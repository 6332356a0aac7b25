using System.Globalization;
using System.Text;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>
/// Text from outside on its way to audit and log: nothing in it may write lines, move cursors or turn the order of what stands beside it.
/// </summary>
internal static class ForeignText
{
    public const int MaxLength = 256;

    /// <summary>
    /// Without control and format characters, line ends and halves of characters; at most <see cref="MaxLength"/> UTF-16 units.
    /// </summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsVisible(rune))
                continue;
            if (clean.Length + rune.Utf16SequenceLength > MaxLength)
                return clean.ToString();
            clean.Append(rune.ToString());
        }

        return clean.ToString().Trim();
    }

    /// <summary>
    /// For texts that are compared: nothing is left out. Whatever is not printable ASCII or a letter of Latin-1 is written as
    /// <c>\u{XXXX}</c>, so that neither invisible nor look-alike characters hide a difference;
    /// past <see cref="MaxLength"/> the whole length is said instead of the rest.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = IsUnmistakable(rune) ? rune.ToString() : $"\\u{{{rune.Value:X4}}}";
            if (escaped.Length + shown.Length > MaxLength)
                return $"{escaped}… ({text.Length} characters)";
            escaped.Append(shown);
        }

        return escaped.ToString();
    }

    private static bool IsUnmistakable(Rune rune) =>
        rune.Value is (>= 0x20 and < 0x7F and not '\\') or (>= 0xC0 and <= 0xFF and not 0xD7 and not 0xF7);

    private static bool IsVisible(Rune rune) => rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
