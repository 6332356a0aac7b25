using Certctl.Infrastructure.Persistence.Mapping;

namespace Certctl.Infrastructure.Persistence.Lists;

/// <summary>The search text as a pattern of PostgreSQL's ILIKE, which trigram indexes serve.</summary>
internal static class TextSearch
{
    public const string Escape = "\\";

    /// <summary>It may hold the wildcards: they stand for themselves.</summary>
    public static string Pattern(string text) =>
        "%"
        + Stored.Text(text)
            .Replace(Escape, Escape + Escape, StringComparison.Ordinal)
            .Replace("%", Escape + "%", StringComparison.Ordinal)
            .Replace("_", Escape + "_", StringComparison.Ordinal)
        + "%";
}
