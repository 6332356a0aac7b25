using System.Text;
using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>
/// The syntax of each kind of subject alternative name (RFC 5280 §4.2.1.6); kinds that the profile does not permit are refused.
/// </summary>
internal static partial class SanSyntax
{
    private const int MaxDnsName = 253;
    private const int MaxLength = 1024;
    private const string SidTag = "tag:microsoft.com,2022-09-14:sid:";

    /// <summary>Why the name must not be certified, or null.</summary>
    public static string? FindDefect(SubjectAltName name, ContentRules rules) =>
        name.Text.Length > MaxLength ? $"a subject alternative name of {name.Text.Length} characters" : name.Kind switch
        {
            SubjectAltNameKind.DnsName => IsDnsName(name.Text, wildcard: true, rules.AllowDnsUnderscore) ? null : $"{name} is no DNS name",
            SubjectAltNameKind.Rfc822Name => IsMailbox(name.Text) ? null : $"{name} is no mailbox",
            SubjectAltNameKind.IpAddress => name.Text.Length > 0 ? null : "an IP address without octets",
            SubjectAltNameKind.Uri => FindUriDefect(name),
            SubjectAltNameKind.OtherName when name.OtherNameOid == SubjectAltName.UserPrincipalNameOid =>
                IsUserPrincipalName(name.Text) ? null : $"{name} is no user principal name",
            SubjectAltNameKind.OtherName or SubjectAltNameKind.DirectoryName or SubjectAltNameKind.RegisteredId when !SanKinds.Permits(
                rules.AdditionalSanKinds, name) =>
                $"{Describe(name)} is not certified; the profile's additional_san_kinds does not permit it",
            SubjectAltNameKind.OtherName => FindOtherNameDefect(name),
            SubjectAltNameKind.DirectoryName => FindDirectoryNameDefect(name),
            SubjectAltNameKind.RegisteredId => ObjectIdentifier.IsValid(name.Text) ? null : $"{name} is no OBJECT IDENTIFIER",
            SubjectAltNameKind.X400Address or SubjectAltNameKind.EdiPartyName => $"{Describe(name)} is not certified",
        };

    private static string Describe(SubjectAltName name) =>
        name.Kind == SubjectAltNameKind.OtherName
            ? $"otherName {name.OtherNameOid}"
            : $"a subject alternative name of the kind {name.Kind}";

    // RFC 1034 §3.5 with RFC 1123 §2.1: letters, digits, hyphens; RFC 6125 §6.4.3: a wildcard is the whole leftmost label.
    private static bool IsDnsName(string text, bool wildcard, bool underscore = false)
    {
        if (text.Length is 0 or > MaxDnsName)
            return false;
        var labels = text.Split('.');
        var skip = wildcard && labels.Length > 2 && labels[0] == "*" ? 1 : 0;
        return labels.Skip(skip).All(label => (underscore ? UnderscoreLabel() : Label()).IsMatch(label));
    }

    // RFC 5321 §4.1.2 Dot-string, without quoting.
    private static bool IsMailbox(string text) =>
        text.Split('@') is [var local, var domain] && local.Length <= 64 && Local().IsMatch(local) && IsDnsName(domain, wildcard: false);

    // RFC 5280 §4.2.1.6: absolute, with a scheme and something after it.
    private static string? FindUriDefect(SubjectAltName name)
    {
        if (name.Text.StartsWith(SidTag, StringComparison.Ordinal))
            return Sid().IsMatch(name.Text[SidTag.Length..]) ? null : $"{name} holds no security identifier";
        return Uri().IsMatch(name.Text) ? null : $"{name} is no absolute URI";
    }

    private static bool IsUserPrincipalName(string text) =>
        text.Split('@') is [{ Length: > 0 }, { Length: > 0 }] && NamePolicy.FindUnsafe(text) is null && !text.Any(char.IsWhiteSpace);

    // The reader has shown the value in the form of its kind, or in hex where it is defective: no form has only hex digits.
    private static string? FindOtherNameDefect(SubjectAltName name) => name.OtherNameOid switch
    {
        SubjectAltName.NtdsReplicationOid =>
            ObjectGuid().IsMatch(name.Text) ? null : $"{name} is no objectGUID, an OCTET STRING of 16 octets",
        SubjectAltName.SmtpUtf8MailboxOid =>
            IsUtf8Mailbox(name.Text) ? null : $"{name} is no mailbox with a local part beyond ASCII at a domain of A-labels",
        SubjectAltName.HardwareModuleNameOid =>
            Module().IsMatch(name.Text) ? null : $"{name} is no hardwareModuleName of a type and a serial number of 1 to 64 octets",
        _ => $"otherName {name.OtherNameOid} is not certified",
    };

    // RFC 9598 §3: of use only where the local part is not in ASCII; the domain is in A-labels, so that name constraints can be compared.
    private static bool IsUtf8Mailbox(string text) =>
        text.Split('@') is [{ Length: > 0 and <= 64 } local, var domain]
        && !Ascii.IsValid(local) && Utf8Local().IsMatch(local)
        && NamePolicy.FindUnsafe(local) is null && IsDnsName(domain, wildcard: false);

    private static string? FindDirectoryNameDefect(SubjectAltName name) => name.DirectoryName is { IsEmpty: false } directory
        ? NamePolicy.FindSubjectDefect(directory, hasSans: true) is { } defect ? $"{name}: {defect}" : null
        : "a directoryName is empty";

    [GeneratedRegex("^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex("^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex UnderscoreLabel();

    // RFC 6531 §3.3: atext, and every character beyond ASCII that is no space.
    [GeneratedRegex(
        "^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\\x00-\\x7F\\s])+(?:\\.(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\\x00-\\x7F\\s])+)*\\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Utf8Local();

    [GeneratedRegex("^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex ObjectGuid();

    [GeneratedRegex("^[0-2](?:\\.[0-9]+)+:(?:[0-9a-f]{2}){1,64}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Module();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Local();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uri();

    [GeneratedRegex("^S-1-[0-9]{1,15}(?:-[0-9]{1,10}){1,15}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sid();
}
