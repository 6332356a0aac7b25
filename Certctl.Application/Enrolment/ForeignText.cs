using System.Globalization;
using System.Text;

namespace Certctl.Application.Enrolment;

/// <summary>Text from outside on its way to audit and log: nothing in it may write lines, move cursors or turn the order of what stands beside it.</summary>
internal static class ForeignText
{
    public const int MaxLength = 256;

    /// <summary>Without control and format characters, line ends and halves of characters; at most <see cref="MaxLength"/> UTF-16 units.</summary>
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

    private static bool IsVisible(Rune rune) => rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
