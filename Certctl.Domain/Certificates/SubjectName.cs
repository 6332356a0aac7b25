using System.Formats.Asn1;

namespace Certctl.Domain.Certificates;

/// <summary>One attribute of a relative distinguished name.</summary>
/// <param name="Oid">Dotted attribute type.</param>
/// <param name="Value">The decoded text; for a value that is no string, its DER in hex after <c>#</c>.</param>
/// <param name="Der">The value as DER, string type included.</param>
public sealed record NameAttribute(string Oid, string Value, ReadOnlyMemory<byte> Der);

/// <summary>A distinguished name (RFC 5280 §4.1.2.4): its bytes, and its parts for policy and people.</summary>
public sealed class SubjectName
{
    /// <summary>The Name as DER, byte for byte as it was received.</summary>
    public required ReadOnlyMemory<byte> Der { get; init; }

    /// <summary>The RDNs in encoding order, each with one attribute or more.</summary>
    public required IReadOnlyList<IReadOnlyList<NameAttribute>> Rdns { get; init; }

    public bool IsEmpty => Rdns.Count == 0;

    /// <summary>The most specific CN, or null.</summary>
    public string? CommonName => Rdns.SelectMany(rdn => rdn).LastOrDefault(a => a.Oid == "2.5.4.3")?.Value;

    /// <summary>RFC 4514 string form: most specific first, special characters escaped.</summary>
    public override string ToString() => string.Join(',', Rdns.Reverse().Select(rdn => string.Join('+', rdn.Select(Format))));

    /// <summary>
    /// The same name in the string types that a CA may write (RFC 5280 §4.1.2.4): PrintableString, UTF8String and IA5String stay, every other string
    /// becomes UTF8String. A name that needs no change comes back as it is.
    /// </summary>
    public SubjectName Normalised()
    {
        if (Rdns.All(rdn => rdn.All(MayStay)))
            return this;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var rdn in Rdns)
            {
                using (writer.PushSetOf())
                {
                    foreach (var attribute in rdn)
                        Write(writer, attribute);
                }
            }
        }

        return new SubjectName { Der = writer.Encode(), Rdns = Rdns };
    }

    private static void Write(AsnWriter writer, NameAttribute attribute)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(attribute.Oid);
            if (MayStay(attribute))
                writer.WriteEncodedValue(attribute.Der.Span);
            else
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, attribute.Value);
        }
    }

    // PrintableString with characters outside its alphabet is no PrintableString (X.680 §41.4); devices write it all the same.
    private static bool MayStay(NameAttribute attribute) => (UniversalTagNumber)(attribute.Der.Span[0] & 0x1F) switch
    {
        UniversalTagNumber.PrintableString => attribute.Value.All(c => char.IsAsciiLetterOrDigit(c) || " '()+,-./:=?".Contains(c, StringComparison.Ordinal)),
        UniversalTagNumber.UTF8String or UniversalTagNumber.IA5String or UniversalTagNumber.NumericString => true,
        UniversalTagNumber.BMPString or UniversalTagNumber.TeletexString or UniversalTagNumber.UniversalString or UniversalTagNumber.VisibleString => false,
        _ => true,
    };

    private static string Format(NameAttribute attribute) =>
        $"{Keyword(attribute.Oid)}={(attribute.Value.StartsWith('#') ? attribute.Value : Escape(attribute.Value))}";

    // RFC 4514 §3, and the keywords beside it that operators read every day.
    private static string Keyword(string oid) => oid switch
    {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.2.840.113549.1.9.2" => "unstructuredName",
        "1.2.840.113549.1.9.8" => "unstructuredAddress",
        _ => oid,
    };

    // RFC 4514 §2.4.
    private static string Escape(string value)
    {
        var escaped = new System.Text.StringBuilder(value.Length + 4);
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
