using System.Formats.Asn1;
using System.Text;

namespace Certctl.Domain.Certificates;

/// <summary>One attribute of a relative distinguished name.</summary>
/// <param name="Oid">Dotted attribute type.</param>
/// <param name="Value">The decoded text; for a value that is no string, its DER in hex after <c>#</c>.</param>
/// <param name="Der">The value as DER, string type included.</param>
public sealed record NameAttribute(string Oid, string Value, ReadOnlyMemory<byte> Der)
{
    /// <summary>An attribute of this text, which must have no lone surrogates.</summary>
    public static NameAttribute Of(string oid, string text)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteCharacterString(UniversalTagNumber.UTF8String, text);
        return new NameAttribute(oid, text, writer.Encode());
    }

    /// <summary>A string of DER, by its whole tag: a constructed string or one of another class is none.</summary>
    public bool IsText => (UniversalTagNumber)Der.Span[0]
        is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString
            or UniversalTagNumber.IA5String or UniversalTagNumber.NumericString
        or UniversalTagNumber.BMPString or UniversalTagNumber.TeletexString
        or UniversalTagNumber.UniversalString or UniversalTagNumber.VisibleString;
}

/// <summary>A distinguished name (RFC 5280 §4.1.2.4): its bytes, and its parts for policy and display.</summary>
public sealed class SubjectName
{
    private string? _text;

    /// <summary>The Name as DER, byte for byte as it was received.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    /// <summary>The RDNs in encoding order, each with one attribute or more.</summary>
    public required IReadOnlyList<IReadOnlyList<NameAttribute>> Rdns { get; init; }

    public bool IsEmpty => Rdns.Count == 0;

    /// <summary>A name of these RDNs, encoded as <see cref="Normalised"/> does it.</summary>
    public static SubjectName Of(IReadOnlyList<IReadOnlyList<NameAttribute>> rdns) =>
        new SubjectName { Der = default, Rdns = rdns }.Normalised();

    /// <summary>The most specific CN, or null.</summary>
    public string? CommonName => Rdns.SelectMany(rdn => rdn).LastOrDefault(a => a.Oid == AttributeTypes.CommonName)?.Value;

    /// <summary>RFC 4514 string form: most specific first, special characters escaped.</summary>
    public override string ToString() => _text ??= string.Join(',', Rdns.Reverse().Select(rdn => string.Join('+', rdn.Select(Format))));

    /// <summary>
    /// Same RDNs in the same order, each with the same attributes by type and value; the string type may differ. Not by text:
    /// what a text looks like is for display.
    /// </summary>
    public bool SameAs(SubjectName other) => Rdns.Count == other.Rdns.Count
        && Rdns.Zip(other.Rdns).All(pair => Comparable(pair.First).SetEquals(Comparable(pair.Second))
        && pair.First.Count == pair.Second.Count);

    /// <summary>
    /// The same name as a CA may write it (RFC 5280 §4.1.2.4 and appendix A.1): in DER, the attributes that have one string type in that,
    /// the others as PrintableString, UTF8String or IA5String. A name that needs no change comes back as it is.
    /// </summary>
    public SubjectName Normalised()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var rdn in Rdns)
            {
                // X.690 §11.6: the writer sorts the SET OF, which devices leave in any order.
                using (writer.PushSetOf())
                {
                    foreach (var attribute in rdn)
                        Write(writer, attribute);
                }
            }
        }

        var der = writer.Encode();
        return Der.Span.SequenceEqual(der) ? this : new SubjectName { Der = der, Rdns = Rdns };
    }

    private static HashSet<(string, string, bool)> Comparable(IReadOnlyList<NameAttribute> rdn) =>
        [.. rdn.Select(a => (a.Oid, a.Value, a.IsText))];

    private static void Write(AsnWriter writer, NameAttribute attribute)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(attribute.Oid);
            if (StringTypeFor(attribute) is { } type)
                writer.WriteCharacterString(type, attribute.Value);
            else
                writer.WriteEncodedValue(attribute.Der.Span);
        }
    }

    // Null: the value keeps its octets, either in its string type or because it is no string.
    private static UniversalTagNumber? StringTypeFor(NameAttribute attribute)
    {
        if (!attribute.IsText)
            return null;
        var type = (UniversalTagNumber)attribute.Der.Span[0];

        var wanted = attribute.Oid switch
        {
            // RFC 5280 appendix A.1: dnQualifier, countryName and serialNumber are PrintableStrings,
            // domainComponent and emailAddress IA5Strings.
            "2.5.4.46" or "2.5.4.6" or "2.5.4.5" when IsPrintable(attribute.Value) => UniversalTagNumber.PrintableString,
            "0.9.2342.19200300.100.1.25" or "1.2.840.113549.1.9.1" when Ascii.IsValid(attribute.Value) => UniversalTagNumber.IA5String,
            _ => MayStay(type, attribute.Value) ? type : UniversalTagNumber.UTF8String,
        };
        return wanted == type ? null : wanted;
    }

    private static bool MayStay(UniversalTagNumber type, string value) => type switch
    {
        UniversalTagNumber.PrintableString => IsPrintable(value),
        UniversalTagNumber.IA5String => Ascii.IsValid(value),
        UniversalTagNumber.NumericString => value.All(c => char.IsAsciiDigit(c) || c == ' '),
        UniversalTagNumber.UTF8String => true,
        _ => false,
    };

    // X.680 §41.4. Devices put other characters into a PrintableString all the same.
    private static bool IsPrintable(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || " '()+,-./:=?".Contains(c, StringComparison.Ordinal));

    private static string Format(NameAttribute attribute) =>
        $"{AttributeTypes.KeywordOf(attribute.Oid)}={(attribute.IsText ? Escape(attribute.Value) : attribute.Value)}";

    // RFC 4514 §2.4.
    private static string Escape(string value)
    {
        var escaped = new StringBuilder(value.Length + 4);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            var atEdge = (i == 0 && c is ' ' or '#') || (i == value.Length - 1 && c == ' ');
            if (char.IsControl(c))
                escaped.Append('\\').Append(((int)c).ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            else if (atEdge || c is ',' or '+' or '"' or '\\' or '<' or '>' or ';')
                escaped.Append('\\').Append(c);
            else
                escaped.Append(c);
        }

        return escaped.ToString();
    }
}
