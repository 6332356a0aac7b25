using System.Globalization;
using System.Text;

namespace Certctl.Application.Admin;

/// <summary>Actors of the audit trail that are no person: nobody may be called like one of them.</summary>
public static class ReservedNames
{
    public const string Anonymous = "anonymous";

    /// <summary>Who is at the machine where no keys are asked for.</summary>
    public const string Local = "local";

    public static readonly IReadOnlyList<string> All = ["scep-client", Anonymous, "system", Local];

    /// <summary>Whether a name reads as one of <see cref="All"/>: in any case, in compatibility forms (full width), with invisible characters, with other separators.</summary>
    public static bool Contains(string name)
    {
        var folded = Fold(name);
        return All.Any(reserved => Fold(reserved) == folded);
    }

    private static string Fold(string name)
    {
        // Lone surrogates have no normal form.
        var text = string.Concat(name.EnumerateRunes());
        return string.Concat(text.Normalize(NormalizationForm.FormKC).Where(IsLetterOrDigit)).ToUpperInvariant();
    }

    private static bool IsLetterOrDigit(char c) => char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Surrogate;
}
