using System.Formats.Asn1;
using System.Net;
using System.Text;
using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles.Templates;

/// <summary>
/// Alternative names written by the profile: elements <c>KIND:text</c>, or <c>{{csr.sans}}</c> for all names of the request.
/// </summary>
internal sealed class SanTemplate
{
    /// <summary>The element that stands for all names of the request.</summary>
    public const string AllNames = "{{csr.sans}}";

    private static readonly Dictionary<string, SubjectAltNameKind> Kinds = new(StringComparer.Ordinal)
    {
        ["DNS"] = SubjectAltNameKind.DnsName,
        ["email"] = SubjectAltNameKind.Rfc822Name,
        ["URI"] = SubjectAltNameKind.Uri,
        ["IP"] = SubjectAltNameKind.IpAddress,
        ["UPN"] = SubjectAltNameKind.OtherName,
    };

    private readonly IReadOnlyList<Element> _elements;

    private SanTemplate(IReadOnlyList<Element> elements) => _elements = elements;

    /// <summary>The variables without a value of which a request is refused.</summary>
    public IEnumerable<string> RequiredVariables => _elements.SelectMany(element => element.Text?.RequiredVariables ?? []);

    /// <summary>Why these elements are no template; empty when they are.</summary>
    public static IEnumerable<string> Problems(IReadOnlyList<string> elements, ContentRules rules) =>
        elements.Select(element => Read(element, rules, out _)).OfType<string>();

    /// <summary>The template; null when there are no elements. They have no <see cref="Problems"/>.</summary>
    public static SanTemplate? Of(IReadOnlyList<string> elements, ContentRules rules) => elements.Count == 0 ? null : new SanTemplate(
        [.. elements.Select(element => Read(element, rules, out var read) is { } problem
            ? throw new InvalidOperationException($"A stored template is none: {problem}.")
            : read!)]);

    /// <summary>
    /// The names for a request, which still have to be judged as those that a device asked for.
    /// Null with the defect when a variable has no value.
    /// </summary>
    public IReadOnlyList<SubjectAltName>? Expand(TemplateSource source, out string? defect)
    {
        defect = null;
        var names = new List<SubjectAltName>();
        foreach (var element in _elements)
        {
            if (element.Text is not { } text)
            {
                names.AddRange(source.Names);
                continue;
            }

            foreach (var value in text.Expand(source, EncoderOf(element), out defect))
            {
                if (Write(element.Kind, value) is not { } name)
                    defect ??= $"{element.Source} becomes \"{value}\", which is no such name";
                else
                    names.Add(name);
            }

            if (defect is not null)
                return null;
        }

        return names;
    }

    private static string? Read(string source, ContentRules rules, out Element? element)
    {
        element = null;
        if (source == AllNames)
        {
            element = new Element(source, default, null);
            return null;
        }

        var colon = source.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !Kinds.TryGetValue(source[..colon], out var kind))
            return $"\"{source}\" is neither {AllNames} nor begins with one of {string.Join(", ", Kinds.Keys.Select(word => word + ":"))}";
        if (TemplateText.Parse(source[(colon + 1)..], out var problem) is not { } text)
            return $"\"{source}\": {problem}";
        if (text.IsLiteral && (Write(kind, source[(colon + 1)..]) is not { } name || SanSyntax.FindDefect(name, rules) is not null))
            return $"\"{source}\" is no such name";
        element = new Element(source, kind, text);
        return null;
    }

    // A value is part of a name, not a piece of its syntax. In a URI it is percent-encoded (RFC 6570 §3.2.2); an asterisk in a DNS name
    // would make it a wildcard, and a dot alone a path that leads elsewhere, so what cannot be written is made a name that is refused.
    private static Func<string, string>? EncoderOf(Element element) => element.Kind switch
    {
        _ when element.Text!.IsBare && element.Kind != SubjectAltNameKind.DnsName => null,
        SubjectAltNameKind.Uri => value => value is "." or ".." ? "\\" : Uri.EscapeDataString(value),
        SubjectAltNameKind.DnsName when element.Source != "DNS:{{csr.san.dns}}"
            && element.Source != "DNS:{{csr.san.dns?}}" => value => value.Replace('*', '\\'),
        _ => null,
    };

    private static SubjectAltName? Write(SubjectAltNameKind kind, string text)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        var tag = new Asn1Tag(TagClass.ContextSpecific, (int)kind);
        switch (kind)
        {
            case SubjectAltNameKind.OtherName:
                using (writer.PushSequence(tag))
                {
                    writer.WriteObjectIdentifier(SubjectAltName.UserPrincipalNameOid);
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                        writer.WriteCharacterString(UniversalTagNumber.UTF8String, text);
                }

                return new SubjectAltName(kind, text, writer.Encode(), SubjectAltName.UserPrincipalNameOid);
            case SubjectAltNameKind.IpAddress:
                // Only the usual form: "1" and "0x7f.1" are addresses for the parser too, and the zone after "%" (RFC 4007 §11)
                // is no part of the octets.
                if (text.Contains('%', StringComparison.Ordinal)
                    || !IPAddress.TryParse(text, out var address)
                    || !string.Equals(address.ToString(), text, StringComparison.OrdinalIgnoreCase))
                    return null;
                writer.WriteOctetString(address.GetAddressBytes(), tag);
                return new SubjectAltName(kind, address.ToString(), writer.Encode());
            default:
                if (!Ascii.IsValid(text))
                    return null;
                writer.WriteCharacterString(UniversalTagNumber.IA5String, text, tag);
                return new SubjectAltName(kind, text, writer.Encode());
        }
    }

    /// <summary>One element.</summary>
    /// <param name="Source">As it was stored.</param>
    /// <param name="Kind">Of the names that it makes.</param>
    /// <param name="Text">Null: all names of the request.</param>
    private sealed record Element(string Source, SubjectAltNameKind Kind, TemplateText? Text);
}
