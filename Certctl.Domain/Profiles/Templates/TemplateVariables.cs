using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Domain.Profiles.Templates;

/// <summary>Where the values of variables come from.</summary>
/// <param name="Subject">Of the request.</param>
/// <param name="Names">The alternative names of the request.</param>
/// <param name="Claim">What a verified signed challenge says of the device; null where none came.</param>
internal sealed record TemplateSource(SubjectName Subject, IReadOnlyList<SubjectAltName> Names, DeviceClaim? Claim);

/// <summary>
/// The variables that templates may name. Each has any number of values, in the order of the request; blank ones are none.
/// </summary>
internal static class TemplateVariables
{
    private const string SubjectAltNamePrefix = "csr.san.";

    private static readonly Dictionary<string, string> SubjectTypes = new(StringComparer.Ordinal)
    {
        ["csr.cn"] = AttributeTypes.CommonName,
        ["csr.o"] = "2.5.4.10",
        ["csr.ou"] = "2.5.4.11",
        ["csr.l"] = "2.5.4.7",
        ["csr.st"] = "2.5.4.8",
        ["csr.c"] = "2.5.4.6",
        ["csr.dc"] = "0.9.2342.19200300.100.1.25",
        ["csr.uid"] = "0.9.2342.19200300.100.1.1",
        ["csr.title"] = "2.5.4.12",
        ["csr.surname"] = "2.5.4.4",
        ["csr.given_name"] = "2.5.4.42",
        ["csr.serial_number"] = "2.5.4.5",
        ["csr.email_address"] = "1.2.840.113549.1.9.1",
        ["csr.unstructured_name"] = "1.2.840.113549.1.9.2",
    };

    private static readonly Dictionary<string, Func<TemplateSource, IEnumerable<string?>>> Others = new(StringComparer.Ordinal)
    {
        ["csr.san.dns"] = Name(SubjectAltNameKind.DnsName),
        ["csr.san.email"] = Name(SubjectAltNameKind.Rfc822Name),
        ["csr.san.uri"] = Name(SubjectAltNameKind.Uri),
        ["csr.san.ip"] = Name(SubjectAltNameKind.IpAddress),
        ["csr.san.upn"] = source => source.Names.Where(name => name.OtherNameOid == SubjectAltName.UserPrincipalNameOid)
            .Select(name => name.Text),
        ["claim.issuer"] = source => [source.Claim?.Issuer],
        ["claim.subject"] = source => [source.Claim?.Subject],
        ["claim.device_name"] = source => [source.Claim?.DeviceName],
    };

    private static readonly Dictionary<string, Func<TemplateSource, IEnumerable<string?>>> All = new(
        [.. SubjectTypes.Select(type => KeyValuePair.Create(type.Key, Attribute(type.Value))), .. Others], StringComparer.Ordinal);

    public static IEnumerable<string> Known => All.Keys;

    public static bool IsKnown(string name) => All.ContainsKey(name);

    /// <summary>The type of subject attribute that a variable stands for; null: for none.</summary>
    public static string? SubjectTypeOf(string name) => SubjectTypes.GetValueOrDefault(name);

    /// <summary>Whether a variable stands for alternative names.</summary>
    public static bool IsSubjectAltName(string name) => name.StartsWith(SubjectAltNamePrefix, StringComparison.Ordinal);

    /// <summary>The values of a known variable.</summary>
    public static IReadOnlyList<string> Values(string name, TemplateSource source) =>
        [.. All[name](source).OfType<string>().Where(value => !string.IsNullOrWhiteSpace(value))];

    private static Func<TemplateSource, IEnumerable<string?>> Attribute(string oid) =>
        source => source.Subject.Rdns.SelectMany(rdn => rdn)
            .Where(attribute => attribute.Oid == oid && attribute.IsText).Select(attribute => attribute.Value);

    private static Func<TemplateSource, IEnumerable<string?>> Name(SubjectAltNameKind kind) =>
        source => source.Names.Where(name => name.Kind == kind).Select(name => name.Text);
}
