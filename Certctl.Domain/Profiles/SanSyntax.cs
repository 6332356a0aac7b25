using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>The syntax of each kind of subject alternative name (RFC 5280 §4.2.1.6); kinds that no device of ours needs are refused.</summary>
internal static partial class SanSyntax
{
    private const int MaxDnsName = 253;
    private const int MaxLength = 1024;
    private const string SidTag = "tag:microsoft.com,2022-09-14:sid:";

    /// <summary>Why the name must not be certified, or null.</summary>
    public static string? FindDefect(SubjectAltName name) => name.Text.Length > MaxLength ? $"a subject alternative name of {name.Text.Length} characters" : name.Kind switch
    {
        SubjectAltNameKind.DnsName => IsDnsName(name.Text, wildcard: true) ? null : $"{name} is no DNS name",
        SubjectAltNameKind.Rfc822Name => IsMailbox(name.Text) ? null : $"{name} is no mailbox",
        SubjectAltNameKind.IpAddress => null,
        SubjectAltNameKind.Uri => FindUriDefect(name),
        SubjectAltNameKind.OtherName => FindOtherNameDefect(name),
        SubjectAltNameKind.X400Address or SubjectAltNameKind.DirectoryName or SubjectAltNameKind.EdiPartyName or SubjectAltNameKind.RegisteredId =>
            $"subject alternative names of the kind {name.Kind} are not certified",
    };

    // RFC 1034 §3.5 with RFC 1123 §2.1: letters, digits, hyphens; RFC 6125 §6.4.3: a wildcard is the whole leftmost label.
    private static bool IsDnsName(string text, bool wildcard)
    {
        if (text.Length is 0 or > MaxDnsName)
            return false;
        var labels = text.Split('.');
        var skip = wildcard && labels.Length > 2 && labels[0] == "*" ? 1 : 0;
        return labels.Skip(skip).All(label => Label().IsMatch(label));
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

    private static string? FindOtherNameDefect(SubjectAltName name) =>
        name.OtherNameOid != SubjectAltName.UserPrincipalNameOid
            ? $"otherName {name.OtherNameOid} is not certified"
            : name.Text.Split('@') is [{ Length: > 0 }, { Length: > 0 }] && NamePolicy.FindUnsafe(name.Text) is null && !name.Text.Any(char.IsWhiteSpace) ? null : $"{name} is no user principal name";

    [GeneratedRegex("^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Local();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uri();

    [GeneratedRegex("^S-1-[0-9]{1,15}(?:-[0-9]{1,10}){1,15}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sid();
}
