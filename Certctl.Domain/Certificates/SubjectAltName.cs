namespace Certctl.Domain.Certificates;

/// <summary>The kinds of GeneralName (RFC 5280 §4.2.1.6); the values are the context tags.</summary>
public enum SubjectAltNameKind
{
    OtherName = 0,
    Rfc822Name = 1,
    DnsName = 2,
    X400Address = 3,
    DirectoryName = 4,
    EdiPartyName = 5,
    Uri = 6,
    IpAddress = 7,
    RegisteredId = 8,
}

/// <summary>One subject alternative name: it stays of the kind that the device asked for, byte for byte.</summary>
/// <param name="Kind">Which GeneralName.</param>
/// <param name="Text">dNSName, rfc822Name and URI as they stand; an IP address in its usual form; a UPN otherName as its text; a directory name in RFC 4514 form; else the DER in hex.</param>
/// <param name="Der">The whole GeneralName as DER, tag included.</param>
/// <param name="OtherNameOid">The type-id of an otherName, else null.</param>
public sealed record SubjectAltName(SubjectAltNameKind Kind, string Text, ReadOnlyMemory<byte> Der, string? OtherNameOid = null)
{
    /// <summary>type-id of Microsoft's user principal name.</summary>
    public const string UserPrincipalNameOid = "1.3.6.1.4.1.311.20.2.3";

    /// <summary>"DNS:host.example", "UPN:user@example": as audit and pages show it.</summary>
    public override string ToString() => $"{Prefix()}:{Text}";

    /// <summary>Same kind and same bytes; dNSName compares without case (RFC 5280 §7.2).</summary>
    public bool SameAs(SubjectAltName other) => Kind == other.Kind
        && (Kind == SubjectAltNameKind.DnsName
            ? string.Equals(AsciiCase.ToLower(Text), AsciiCase.ToLower(other.Text), StringComparison.Ordinal)
            : Der.Span.SequenceEqual(other.Der.Span));

    private string Prefix() => Kind switch
    {
        SubjectAltNameKind.OtherName => OtherNameOid == UserPrincipalNameOid ? "UPN" : $"otherName({OtherNameOid})",
        SubjectAltNameKind.Rfc822Name => "email",
        SubjectAltNameKind.DnsName => "DNS",
        SubjectAltNameKind.X400Address => "X400",
        SubjectAltNameKind.DirectoryName => "DirName",
        SubjectAltNameKind.EdiPartyName => "EdiPartyName",
        SubjectAltNameKind.Uri => "URI",
        SubjectAltNameKind.IpAddress => "IP",
        SubjectAltNameKind.RegisteredId => "RID",
    };
}
