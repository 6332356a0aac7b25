namespace Certctl.Domain.Certificates;

/// <summary>The keywords of attribute types: those of RFC 4514 §3, and others that operators read every day.</summary>
internal static class AttributeTypes
{
    public const string CommonName = "2.5.4.3";

    private static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
    {
        [CommonName] = "CN",
        ["2.5.4.4"] = "SN",
        ["2.5.4.5"] = "serialNumber",
        ["2.5.4.6"] = "C",
        ["2.5.4.7"] = "L",
        ["2.5.4.8"] = "ST",
        ["2.5.4.9"] = "STREET",
        ["2.5.4.10"] = "O",
        ["2.5.4.11"] = "OU",
        ["2.5.4.12"] = "title",
        ["2.5.4.42"] = "GN",
        ["0.9.2342.19200300.100.1.1"] = "UID",
        ["0.9.2342.19200300.100.1.25"] = "DC",
        ["1.2.840.113549.1.9.1"] = "emailAddress",
        ["1.2.840.113549.1.9.2"] = "unstructuredName",
        ["1.2.840.113549.1.9.8"] = "unstructuredAddress",
    };

    private static readonly Dictionary<string, string> Oids = Keywords.ToDictionary(
        pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static IEnumerable<string> AllKeywords => Oids.Keys;

    /// <summary>The keyword of a type, or its OID where it has none.</summary>
    public static string KeywordOf(string oid) => Keywords.GetValueOrDefault(oid, oid);

    /// <summary>The OID that a keyword or a dotted OID names; null for neither.</summary>
    public static string? OidOf(string text) => Oids.GetValueOrDefault(text) ?? (ObjectIdentifier.IsValid(text) ? text : null);
}
