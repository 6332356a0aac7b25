using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>Which names may be certified: the syntax that RFC 5280 demands of every name, and the patterns of one profile.</summary>
internal sealed class NamePolicy
{
    public const int MaxSubjectAttributes = 32;
    private const int MaxSans = 100;
    private const string CountryName = "2.5.4.6";
    private const string DomainComponent = "0.9.2342.19200300.100.1.25";
    private const string EmailAddress = "1.2.840.113549.1.9.1";

    // RFC 5280 appendix A.1, upper bounds in characters.
    private static readonly Dictionary<string, int> UpperBounds = new(StringComparer.Ordinal)
    {
        ["2.5.4.3"] = 64,
        ["2.5.4.5"] = 64,
        ["2.5.4.7"] = 128,
        ["2.5.4.8"] = 128,
        ["2.5.4.10"] = 64,
        ["2.5.4.11"] = 64,
        ["2.5.4.12"] = 64,
        [EmailAddress] = 255,
    };

    private readonly (string Source, Regex Pattern)[] _required;
    private readonly Regex? _spiffe;
    private readonly ContentRules _rules;

    public NamePolicy(IReadOnlyList<string> requiredSanPatterns, string spiffeUriPattern, ContentRules rules)
    {
        _rules = rules;
        _required = [.. requiredSanPatterns.Select(pattern => (pattern, Compile(pattern)))];
        _spiffe = spiffeUriPattern.Length == 0 ? null : Compile(spiffeUriPattern);
    }

    /// <summary>Linear time whatever the name: the requester chooses it. Throws for a pattern that is none or needs backtracking.</summary>
    public static Regex Compile(string pattern) =>
        new($"^(?:{pattern})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>Each name once, in the order of the request.</summary>
    public static IReadOnlyList<SubjectAltName> Distinct(IReadOnlyList<SubjectAltName> names)
    {
        var distinct = new List<SubjectAltName>(names.Count);
        foreach (var name in names)
        {
            if (distinct.Count > MaxSans)
                break;
            if (!distinct.Exists(name.SameAs))
                distinct.Add(name);
        }

        return distinct;
    }

    /// <summary>Why the subject must not be certified, or null.</summary>
    public static string? FindSubjectDefect(SubjectName subject, bool hasSans)
    {
        // RFC 5280 §4.1.2.6: an empty subject needs a subjectAltName.
        if (subject.IsEmpty)
            return hasSans ? null : "neither subject nor subject alternative name";
        var attributes = subject.Rdns.SelectMany(rdn => rdn).ToList();
        return attributes.Count > MaxSubjectAttributes
            ? $"{attributes.Count} attributes in the subject; {MaxSubjectAttributes} at most"
            : attributes.Select(FindAttributeDefect).FirstOrDefault(defect => defect is not null);
    }

    /// <summary>Why the names must not be certified, or null.</summary>
    public string? FindDefect(IReadOnlyList<SubjectAltName> names)
    {
        if (names.Count > MaxSans)
            return $"more than {MaxSans} subject alternative names";
        foreach (var name in names)
        {
            if (SanSyntax.FindDefect(name, _rules) is { } defect)
                return defect;
            if (_required.Length > 0 && !_required.Any(required => Meets(required.Pattern, name)))
                return $"{name} meets none of the profile's required_san_patterns";
        }

        foreach (var (source, pattern) in _required)
        {
            if (!names.Any(name => Meets(pattern, name)))
                return $"no subject alternative name meets {source}";
        }

        return FindSpiffeDefect(names);
    }

    // A SPIFFE ID is the only URI of its certificate (SPIFFE X.509-SVID §2).
    private string? FindSpiffeDefect(IReadOnlyList<SubjectAltName> names)
    {
        if (_spiffe is null)
            return null;
        var uris = names.Where(name => name.Kind == SubjectAltNameKind.Uri).ToList();
        return uris is [var id] && id.Text.StartsWith("spiffe://", StringComparison.Ordinal) && _spiffe.IsMatch(id.Text)
            ? null
            : "the profile's spiffe_uri_pattern wants exactly one URI, a SPIFFE ID that meets it";
    }

    private static bool Meets(Regex pattern, SubjectAltName name) => pattern.IsMatch(name.Text) || pattern.IsMatch(name.ToString());

    private static string? FindAttributeDefect(NameAttribute attribute)
    {
        var value = attribute.Value;
        if (!attribute.IsText)
            return $"subject attribute {attribute.Oid} is no string";
        if (string.IsNullOrWhiteSpace(value))
            return $"subject attribute {attribute.Oid} is empty or blank";
        if (FindUnsafe(value) is { } character)
            return $"subject attribute {attribute.Oid} holds U+{character.Value:X4}";
        if (attribute.Oid == CountryName && !(value.Length == 2 && value.All(char.IsAsciiLetter)))
            return "countryName is not two letters";
        // RFC 5280 appendix A.1: these are IA5Strings.
        if (attribute.Oid is DomainComponent or EmailAddress && !Ascii.IsValid(value))
            return $"subject attribute {attribute.Oid} is not in ASCII";
        // X.680 §51.5: an upper bound counts characters, combining ones too.
        var length = value.EnumerateRunes().Count();
        return length > UpperBounds.GetValueOrDefault(attribute.Oid, 255)
            ? $"subject attribute {attribute.Oid} has {length} characters"
            : null;
    }

    /// <summary>
    /// The first character that cannot be seen or turns the reading direction, so that one name looks like another;
    /// null when there is none.
    /// </summary>
    internal static Rune? FindUnsafe(string text)
    {
        foreach (var character in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                return character;
        }

        return null;
    }
}
