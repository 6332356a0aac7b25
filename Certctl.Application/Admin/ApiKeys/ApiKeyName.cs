using System.Text.RegularExpressions;

namespace Certctl.Application.Admin.ApiKeys;

/// <summary>Names of API keys, which are actors in the audit trail.</summary>
public static partial class ApiKeyName
{
    public const string Pattern = "^[A-Za-z0-9_-]{1,64}$";

    /// <summary>After "must be".</summary>
    public const string PatternInWords = "1 to 64 letters, digits, _ or -";

    // "$" would let a line feed pass at the end.
    public static bool IsValid(string name) => !name.EndsWith('\n') && Form().IsMatch(name);

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
