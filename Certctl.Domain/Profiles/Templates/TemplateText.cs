namespace Certctl.Domain.Profiles.Templates;

/// <summary>
/// Text with variables: <c>{{csr.cn}}</c>, or <c>{{csr.ou?}}</c> where the element is left out when there is no value. It is read once,
/// when it is stored; values are put between its parts and never read for braces, commas or anything else.
/// </summary>
internal sealed class TemplateText
{
    private const string Open = "{{";
    private const string Close = "}}";
    private const int MaxLength = 512;

    private readonly IReadOnlyList<Part> _parts;

    private TemplateText(IReadOnlyList<Part> parts) => _parts = parts;

    /// <summary>It is one variable and nothing else, so that a value stands for the whole.</summary>
    public bool IsBare => _parts is [{ Variable: not null }];

    /// <summary>It has no variable.</summary>
    public bool IsLiteral => _parts.All(part => part.Variable is null);

    /// <summary>The variables without which it makes nothing.</summary>
    public IEnumerable<string> RequiredVariables => _parts.Where(part => !part.IsOptional).Select(part => part.Variable).OfType<string>();

    /// <summary>The template, or null with what is wrong with the text.</summary>
    public static TemplateText? Parse(string text, out string? problem)
    {
        problem = text.Length is 0 or > MaxLength
            ? $"1 to {MaxLength} characters"
            : NamePolicy.FindUnsafe(text) is { } unsafeCharacter ? $"U+{unsafeCharacter.Value:X4} is not allowed" : null;
        var parts = new List<Part>();
        for (var rest = text; problem is null && rest.Length > 0;)
        {
            if (rest.StartsWith(Open, StringComparison.Ordinal))
                (rest, problem) = ReadVariable(rest, parts);
            else
                (rest, problem) = ReadLiteral(rest, parts);
        }

        return problem is null ? new TemplateText(parts) : null;
    }

    /// <summary>
    /// The texts that the request makes of it: one for each value of the variable that has several,
    /// none where an optional one has no value.
    /// </summary>
    /// <param name="source">The request.</param>
    /// <param name="encode">What is done to each value before it stands within other text; null: nothing.</param>
    /// <param name="defect">Why the request must be refused, or null.</param>
    public IReadOnlyList<string> Expand(TemplateSource source, Func<string, string>? encode, out string? defect)
    {
        defect = null;
        List<string> texts = [string.Empty];
        foreach (var part in _parts)
        {
            IReadOnlyList<string> values = part.Variable is null ? [part.Literal] : TemplateVariables.Values(part.Variable, source);
            if (values.Count == 0 && part.IsOptional)
                return [];
            if (values.Count == 0)
                defect = $"{{{{{part.Variable}}}}} has no value in this request";
            else if (values.Count > 1 && texts.Count > 1)
                defect =
                    $"{{{{{part.Variable}}}}} has {values.Count} values in this request, and another variable beside it has several too";
            else if (values.Any(HasLoneSurrogate))
                defect = $"the value of {{{{{part.Variable}}}}} is no text";
            if (defect is not null)
                return [];
            texts = [.. texts.SelectMany(
                text => values.Select(value => text + (part.Variable is null || encode is null ? value : encode(value))))];
        }

        return texts;
    }

    private static (string Remainder, string? Problem) ReadLiteral(string rest, List<Part> parts)
    {
        var end = rest.IndexOf(Open, StringComparison.Ordinal);
        var literal = end < 0 ? rest : rest[..end];
        parts.Add(new Part(literal, null, IsOptional: false));
        return (rest[literal.Length..], literal.Contains(Close, StringComparison.Ordinal) ? $"{Close} without {Open}" : null);
    }

    private static (string Remainder, string? Problem) ReadVariable(string rest, List<Part> parts)
    {
        var end = rest.IndexOf(Close, StringComparison.Ordinal);
        if (end < 0)
            return (rest, $"{Open} without {Close}");
        var name = rest[Open.Length..end];
        var isOptional = name.EndsWith('?');
        var variable = isOptional ? name[..^1] : name;
        parts.Add(new Part(string.Empty, variable, isOptional));
        return (
            rest[(end + Close.Length)..], TemplateVariables.IsKnown(variable)
                ? null
                : $"\"{variable}\" is no variable; there are {string.Join(", ", TemplateVariables.Known)}");
    }

    private static bool HasLoneSurrogate(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (i + 1 == value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
                return true;
            i++;
        }

        return false;
    }

    /// <summary>Literal text, or a variable.</summary>
    private sealed record Part(string Literal, string? Variable, bool IsOptional);
}
