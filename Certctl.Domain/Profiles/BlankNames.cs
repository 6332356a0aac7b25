using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>What an MDM sends where a variable of its template is empty: <c>OU=</c>, or an alternative name without text.</summary>
internal static class BlankNames
{
    /// <summary>The name without attributes of nothing but blanks, and without the RDNs that these leave empty.</summary>
    public static SubjectName Drop(SubjectName subject)
    {
        var kept = subject.Rdns.Select(rdn => rdn.Where(attribute => !(attribute.IsText && IsBlank(attribute.Value))).ToList())
            .Where(rdn => rdn.Count > 0).ToList();
        return kept.Sum(rdn => rdn.Count) == subject.Rdns.Sum(rdn => rdn.Count) ? subject : SubjectName.Of(kept);
    }

    public static IReadOnlyList<SubjectAltName> Drop(IReadOnlyList<SubjectAltName> names) => [.. names.Where(name => !IsBlank(name.Text))];

    private static bool IsBlank(string text) => string.IsNullOrWhiteSpace(text);
}
