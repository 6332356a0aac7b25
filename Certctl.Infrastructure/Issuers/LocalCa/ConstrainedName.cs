using System.Net;
using System.Text.RegularExpressions;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>A name of a leaf, prepared for the comparison with the CA's constraints.</summary>
/// <param name="Kind">Which constraints apply.</param>
/// <param name="Text">DNS name, mailbox, or the host of a URI (empty when it has none that can be compared).</param>
internal sealed partial record ConstrainedName(SubjectAltNameKind Kind, string Text)
{
    private const int HeaderSize = 2;

    /// <summary>The octets of an IP address; else empty.</summary>
    public ReadOnlyMemory<byte> Address { get; private init; }

    /// <summary>The RDNs of a directory name; else empty.</summary>
    public IReadOnlyList<IReadOnlyList<NameAttribute>> Rdns { get; private init; } = [];

    // RFC 5280 §4.2.1.10: a URI without a fully qualified host MUST be refused where URIs are constrained.
    public bool IsComparable => Kind switch
    {
        SubjectAltNameKind.DnsName or SubjectAltNameKind.Rfc822Name or SubjectAltNameKind.Uri => Text.Length > 0,
        SubjectAltNameKind.IpAddress => !Address.IsEmpty,
        SubjectAltNameKind.DirectoryName => Rdns.Count > 0,
        SubjectAltNameKind.OtherName or SubjectAltNameKind.X400Address
            or SubjectAltNameKind.EdiPartyName or SubjectAltNameKind.RegisteredId => false,
    };

    /// <summary>What the constraints are compared with: of a mailbox beyond ASCII two names, as it is an otherName and a mailbox.</summary>
    public static IEnumerable<ConstrainedName> Of(SubjectAltName name)
    {
        yield return name.Kind switch
        {
            SubjectAltNameKind.Uri => new(name.Kind, HostOf(name.Text)),
            SubjectAltNameKind.IpAddress => new(name.Kind, name.Text) { Address = name.Der[HeaderSize..] },
            SubjectAltNameKind.DirectoryName when name.DirectoryName is { } directory => Of(directory),
            _ => new(name.Kind, name.Text),
        };

        // RFC 9598 §6: constraints of rfc822Names apply to these too.
        if (name.OtherNameOid == SubjectAltName.SmtpUtf8MailboxOid)
            yield return new(SubjectAltNameKind.Rfc822Name, name.Text);
    }

    public static ConstrainedName Of(SubjectName subject) =>
        new(SubjectAltNameKind.DirectoryName, subject.ToString()) { Rdns = subject.Rdns };

    public override string ToString() => $"{Kind} \"{Text}\"";

    // RFC 3986 §3.2: "//" [userinfo "@"] host [":" port]. Two readers may see two hosts in anything else, so there is none in it.
    private static string HostOf(string uri) =>
        Authority().Match(uri) is { Success: true } match && !IPAddress.TryParse(match.Groups[1].Value, out _)
            ? match.Groups[1].Value
            : string.Empty;

    [GeneratedRegex(
        "^[A-Za-z][A-Za-z0-9+.-]*://(?:[^@/?#]*@)?((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+"
        + "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?::[0-9]*)?(?:[/?#]|\\z)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Authority();
}
