using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles.Templates;

/// <summary>
/// A subject written by the profile: elements <c>TYPE=text</c> in the order of the certificate, each an RDN of one attribute.
/// </summary>
internal sealed class SubjectTemplate
{
    private readonly IReadOnlyList<(string Oid, TemplateText Text)> _elements;

    private SubjectTemplate(IReadOnlyList<(string Oid, TemplateText Text)> elements) => _elements = elements;

    /// <summary>The variables without a value of which a request is refused.</summary>
    public IEnumerable<string> RequiredVariables => _elements.SelectMany(element => element.Text.RequiredVariables);

    /// <summary>Why these elements are no template; empty when they are.</summary>
    public static IEnumerable<string> Problems(IReadOnlyList<string> elements) =>
        elements.Select(element => Read(element, out _)).OfType<string>();

    /// <summary>The template; null when there are no elements. They have no <see cref="Problems"/>.</summary>
    public static SubjectTemplate? Of(IReadOnlyList<string> elements) => elements.Count == 0 ? null : new SubjectTemplate(
        [.. elements.Select(element => Read(element, out var read) is { } problem
            ? throw new InvalidOperationException($"A stored template is none: {problem}.")
            : read)]);

    /// <summary>
    /// The subject for a request; it still has to be judged as one that a device asked for.
    /// Null with the defect when a variable has no value.
    /// </summary>
    public SubjectName? Expand(TemplateSource source, out string? defect)
    {
        defect = null;
        var rdns = new List<IReadOnlyList<NameAttribute>>();
        foreach (var (oid, text) in _elements)
        {
            var values = text.Expand(source, encode: null, out defect);
            if (defect is not null)
                return null;
            rdns.AddRange(values.Select(value => (IReadOnlyList<NameAttribute>)[NameAttribute.Of(oid, value)]));
        }

        return SubjectName.Of(rdns);
    }

    private static string? Read(string element, out (string Oid, TemplateText Text) read)
    {
        read = default;
        var equals = element.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || AttributeTypes.OidOf(element[..equals]) is not { } oid)
            return $"\"{element}\" does not begin with a type and \"=\"; types are dotted OIDs, "
                + $"{string.Join(", ", AttributeTypes.AllKeywords)}";
        if (TemplateText.Parse(element[(equals + 1)..], out var problem) is not { } text)
            return $"\"{element}\": {problem}";
        if (text.IsLiteral && NamePolicy.FindSubjectDefect(
            SubjectName.Of([[NameAttribute.Of(oid, element[(equals + 1)..])]]), hasSans: true) is { } defect)
            return $"\"{element}\": {defect}";
        read = (oid, text);
        return null;
    }
}
