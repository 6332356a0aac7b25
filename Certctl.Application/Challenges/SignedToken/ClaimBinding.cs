using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>
/// Whether a request asks for what its challenge vouches for, name by name: of each kind the same set, and nothing of a kind that cannot be
/// vouched for. What else stands in the subject is the certificate profile's affair.
/// </summary>
internal static class ClaimBinding
{
    private const string CommonNameOid = "2.5.4.3";

    /// <summary>The first difference in words; null: none.</summary>
    public static string? FindDifference(IntuneClaim claim, CertificateSigningRequest csr)
    {
        if (csr.SubjectAltNames.FirstOrDefault(san => !IsBlank(san) && !IsUnderstood(san)) is { } foreign)
            return $"the request asks for {Quoted(foreign.ToString())}, a kind of name that no challenge vouches for";
        return FindOtherName(claim.DeviceName, csr.Subject)
            ?? FindOtherSet("DNS names", claim.DnsNames.Select(Folded), Names(csr, SubjectAltNameKind.DnsName).Select(Folded))
            ?? FindOtherSet("mail addresses", claim.MailAddresses.Select(Folded), Names(csr, SubjectAltNameKind.Rfc822Name).Select(Folded))
            ?? FindOtherSet(
                "user principal names", claim.UserPrincipalNames.Select(Folded), Names(csr, SubjectAltNameKind.OtherName).Select(Folded))
            ?? FindOtherSet("URIs", claim.Uris, Names(csr, SubjectAltNameKind.Uri));
    }

    // A blank one is dropped or refused by the certificate profile. Two common names: a program that reads the certificate takes one of
    // them, and which one cannot be known here.
    private static string? FindOtherName(string? deviceName, SubjectName subject)
    {
        if (deviceName is null)
            return null;
        var names = subject.Rdns.SelectMany(rdn => rdn)
            .Where(attribute => attribute.Oid == CommonNameOid && !string.IsNullOrWhiteSpace(attribute.Value))
            .Select(attribute => attribute.Value).ToList();
        if (names is [var only] && string.Equals(only, deviceName, StringComparison.Ordinal))
            return null;
        return names.Count == 1
            ? $"the common name is {Quoted(names[0])}, the challenge is for {Quoted(deviceName)}"
            : $"the request has {names.Count} common names, the challenge is for {Quoted(deviceName)} alone";
    }

    private static string? FindOtherSet(string kind, IEnumerable<string> vouched, IEnumerable<string> asked)
    {
        var (granted, wanted) = (vouched.ToHashSet(StringComparer.Ordinal), asked.ToHashSet(StringComparer.Ordinal));
        if (wanted.FirstOrDefault(name => !granted.Contains(name)) is { } extra)
            return $"{kind}: the challenge does not vouch for {Quoted(extra)}";
        return granted.FirstOrDefault(name => !wanted.Contains(name)) is { } missing
            ? $"{kind}: the request lacks {Quoted(missing)}"
            : null;
    }

    private static bool IsUnderstood(SubjectAltName san) =>
        san.Kind is SubjectAltNameKind.DnsName or SubjectAltNameKind.Rfc822Name or SubjectAltNameKind.Uri
        || (san.Kind == SubjectAltNameKind.OtherName && san.OtherNameOid == SubjectAltName.UserPrincipalNameOid);

    private static bool IsBlank(SubjectAltName san) => string.IsNullOrWhiteSpace(san.Text);

    // A blank one names nothing that could be vouched for; the certificate profile drops or refuses it.
    private static IEnumerable<string> Names(CertificateSigningRequest csr, SubjectAltNameKind kind) =>
        csr.SubjectAltNames.Where(san => san.Kind == kind && !IsBlank(san)).Select(san => san.Text);

    private static string Folded(string name) => AsciiCase.ToLower(name.Trim(' '));

    /// <summary>Untrusted text for log and audit, written so that two texts that differ look different.</summary>
    public static string Quoted(string name) => $"\"{ForeignText.Escape(name)}\"";
}
