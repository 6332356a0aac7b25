using Certctl.Domain.Enrolment;

namespace Certctl.Domain.Profiles;

/// <summary>The extended key usages that a profile may grant (RFC 5280 §4.2.1.12). None that would make a leaf speak for the CA.</summary>
internal static class ExtendedKeyUsageNames
{
    public static readonly IReadOnlyDictionary<string, string> Oids = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["serverAuth"] = "1.3.6.1.5.5.7.3.1",
        ["clientAuth"] = "1.3.6.1.5.5.7.3.2",
        ["codeSigning"] = "1.3.6.1.5.5.7.3.3",
        ["emailProtection"] = "1.3.6.1.5.5.7.3.4",
        ["timeStamping"] = "1.3.6.1.5.5.7.3.8",
    };
}

/// <summary>Names of CSR attributes, requested extensions and subject attributes that a profile may require; a dotted OID stands for itself.</summary>
internal static class CsrAttributeNames
{
    private const string SubjectPrefix = "2.5.4.";

    private static readonly Dictionary<string, string> Oids = new(StringComparer.Ordinal)
    {
        ["challengePassword"] = "1.2.840.113549.1.9.7",
        ["unstructuredName"] = "1.2.840.113549.1.9.2",
        ["unstructuredAddress"] = "1.2.840.113549.1.9.8",
        ["extensionRequest"] = "1.2.840.113549.1.9.14",
        ["subjectAltName"] = "2.5.29.17",
        ["keyUsage"] = "2.5.29.15",
        ["extKeyUsage"] = "2.5.29.37",
        ["serialNumber"] = "2.5.4.5",
        ["deviceSerialNumber"] = "1.3.6.1.4.1.311.21.14",
        ["certificateTemplateName"] = "1.3.6.1.4.1.311.20.2",
        ["certificateTemplate"] = "1.3.6.1.4.1.311.21.7",
    };

    public static bool IsKnown(string name) => Oids.ContainsKey(name) || IsOid(name);

    public static bool IsIn(CertificateSigningRequest csr, string name)
    {
        var oid = Oids.GetValueOrDefault(name, name);
        return csr.AttributeOids.Contains(oid)
            || (oid.StartsWith(SubjectPrefix, StringComparison.Ordinal) && csr.Subject.Rdns.Any(rdn => rdn.Any(attribute => attribute.Oid == oid)));
    }

    private static bool IsOid(string text) =>
        text.Split('.') is { Length: >= 2 } arcs && arcs.All(arc => arc.Length is > 0 and < 20 && arc.All(char.IsAsciiDigit) && (arc == "0" || arc[0] != '0'));
}
