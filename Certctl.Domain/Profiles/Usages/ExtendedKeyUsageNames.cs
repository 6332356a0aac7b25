using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Domain.Profiles.Usages;

/// <summary>
/// The extended key usages that a profile may grant (RFC 5280 §4.2.1.12): by name, or by dotted OID.
/// None that would make a leaf speak for the CA.
/// </summary>
internal static class ExtendedKeyUsageNames
{
    public const string Any = "2.5.29.37.0";
    public const string EmailProtection = "1.3.6.1.5.5.7.3.4";

    public static readonly IReadOnlyDictionary<string, string> Oids = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["serverAuth"] = "1.3.6.1.5.5.7.3.1",
        ["clientAuth"] = "1.3.6.1.5.5.7.3.2",
        ["codeSigning"] = "1.3.6.1.5.5.7.3.3",
        ["emailProtection"] = EmailProtection,
        ["timeStamping"] = "1.3.6.1.5.5.7.3.8",
        ["ipsecIKE"] = "1.3.6.1.5.5.7.3.17",
        ["smartcardLogon"] = "1.3.6.1.4.1.311.20.2.2",
        ["anyExtendedKeyUsage"] = Any,
    };

    // The holder of one of these may answer OCSP requests for the CA, or is trusted about the requests, keys or trust lists of others.
    private static readonly Dictionary<string, string> Reserved = new(StringComparer.Ordinal)
    {
        ["1.3.6.1.5.5.7.3.9"] = "OCSPSigning",
        ["1.3.6.1.5.5.7.3.27"] = "cmcCA",
        ["1.3.6.1.5.5.7.3.28"] = "cmcRA",
        ["1.3.6.1.5.5.7.3.29"] = "cmcArchive",
        ["1.3.6.1.5.5.7.3.32"] = "cmKGA",
        ["1.3.6.1.4.1.311.10.3.1"] = "certTrustListSigning",
        ["1.3.6.1.4.1.311.10.3.9"] = "rootListSigner",
        ["1.3.6.1.4.1.311.10.3.10"] = "qualifiedSubordination",
        ["1.3.6.1.4.1.311.10.3.11"] = "keyRecovery",
        ["1.3.6.1.4.1.311.20.2.1"] = "enrolmentAgent",
        ["1.3.6.1.4.1.311.21.5"] = "caExchange",
        ["1.3.6.1.4.1.311.21.6"] = "keyRecoveryAgent",
    };

    /// <summary>The OID of what <see cref="FindDefect"/> found nothing wrong with.</summary>
    public static string OidOf(string eku) => Oids.GetValueOrDefault(eku, eku);

    /// <summary>Why no profile may grant it, or null.</summary>
    public static string? FindDefect(string eku)
    {
        if (!Oids.ContainsKey(eku) && !ObjectIdentifier.IsValid(eku))
            return $"\"{eku}\" is neither a dotted OID nor one of {string.Join(", ", Oids.Keys)}";
        return Reserved.TryGetValue(eku, out var name) ? $"{eku} ({name}) would let the holder speak for the CA" : null;
    }
}

/// <summary>
/// Names of CSR attributes, requested extensions and subject attributes that a profile may require; a dotted OID stands for itself.
/// </summary>
internal static class CsrAttributeNames
{
    public const string ChallengePassword = "1.2.840.113549.1.9.7";
    public const string ExtensionRequest = "1.2.840.113549.1.9.14";
    public const string SubjectAltName = "2.5.29.17";
    public const string KeyUsage = "2.5.29.15";
    public const string ExtendedKeyUsage = "2.5.29.37";

    private const string SubjectPrefix = "2.5.4.";

    private static readonly Dictionary<string, string> Oids = new(StringComparer.Ordinal)
    {
        ["challengePassword"] = ChallengePassword,
        ["unstructuredName"] = "1.2.840.113549.1.9.2",
        ["unstructuredAddress"] = "1.2.840.113549.1.9.8",
        ["extensionRequest"] = ExtensionRequest,
        ["subjectAltName"] = SubjectAltName,
        ["keyUsage"] = KeyUsage,
        ["extKeyUsage"] = ExtendedKeyUsage,
        ["serialNumber"] = "2.5.4.5",
        ["deviceSerialNumber"] = "1.3.6.1.4.1.311.21.14",
        ["certificateTemplateName"] = "1.3.6.1.4.1.311.20.2",
        ["certificateTemplate"] = "1.3.6.1.4.1.311.21.7",
    };

    public static bool IsKnown(string name) => Oids.ContainsKey(name) || ObjectIdentifier.IsValid(name);

    /// <summary>The OID of what <see cref="IsKnown"/> knows.</summary>
    public static string OidOf(string name) => Oids.GetValueOrDefault(name, name);

    public static bool IsIn(CertificateSigningRequest csr, string name)
    {
        var oid = OidOf(name);
        return csr.AttributeOids.Contains(oid)
            || (oid.StartsWith(SubjectPrefix, StringComparison.Ordinal)
                && csr.Subject.Rdns.Any(rdn => rdn.Any(attribute => attribute.Oid == oid && !string.IsNullOrWhiteSpace(attribute.Value))));
    }
}
