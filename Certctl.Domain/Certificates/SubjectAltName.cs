using System.Formats.Asn1;

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
/// <param name="Text">dNSName, rfc822Name and URI as they stand; an IP address in its usual form; a directory name in RFC 4514 form; a
/// registered ID dotted; a UPN or SmtpUTF8Mailbox as its text; the objectGUID of a domain controller in the form of GUIDs; a hardware
/// module as type and serial number in hex with a colon between. What is of no kind among these, or defective in its own,
/// is its DER in hex.</param>
/// <param name="Der">The whole GeneralName as DER, tag included.</param>
/// <param name="OtherNameOid">The type-id of an otherName, else null.</param>
public sealed record SubjectAltName(SubjectAltNameKind Kind, string Text, ReadOnlyMemory<byte> Der, string? OtherNameOid = null)
{
    /// <summary>type-id of Microsoft's user principal name.</summary>
    public const string UserPrincipalNameOid = "1.3.6.1.4.1.311.20.2.3";

    /// <summary>type-id of the objectGUID of a domain controller (Microsoft's szOID_NTDS_REPLICATION).</summary>
    public const string NtdsReplicationOid = "1.3.6.1.4.1.311.25.1";

    /// <summary>type-id of a mailbox whose local part is not in ASCII (RFC 9598 §3).</summary>
    public const string SmtpUtf8MailboxOid = "1.3.6.1.5.5.7.8.9";

    /// <summary>type-id of a hardware module (RFC 4108 §5).</summary>
    public const string HardwareModuleNameOid = "1.3.6.1.5.5.7.8.4";

    /// <summary>The name in a directoryName, else null.</summary>
    public SubjectName? DirectoryName { get; init; }

    /// <summary>"DNS:host.example", "UPN:user@example": as audit and pages show it.</summary>
    public override string ToString() => $"{Prefix()}:{Text}";

    /// <summary>Same kind and same bytes; dNSName compares without case (RFC 5280 §7.2).</summary>
    public bool SameAs(SubjectAltName other) => Kind == other.Kind
        && (Kind == SubjectAltNameKind.DnsName
            ? string.Equals(AsciiCase.ToLower(Text), AsciiCase.ToLower(other.Text), StringComparison.Ordinal)
            : Der.Span.SequenceEqual(other.Der.Span));

    /// <summary>
    /// The same name as a CA may write it: a directoryName as <see cref="SubjectName.Normalised"/> has it,
    /// all others with the octets that were received.
    /// </summary>
    public SubjectAltName Normalised()
    {
        if (DirectoryName?.Normalised() is not { } name || ReferenceEquals(name, DirectoryName))
            return this;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        // RFC 5280 §4.2.1.6: directoryName [4] is explicit, because Name is a CHOICE.
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, (int)SubjectAltNameKind.DirectoryName)))
            writer.WriteEncodedValue(name.Der.Span);
        return this with { Der = writer.Encode(), DirectoryName = name };
    }

    private string Prefix() => Kind switch
    {
        SubjectAltNameKind.OtherName => OtherNameOid switch
        {
            UserPrincipalNameOid => "UPN",
            NtdsReplicationOid => "NTDS",
            SmtpUtf8MailboxOid => "SmtpUTF8Mailbox",
            HardwareModuleNameOid => "HWModule",
            _ => $"otherName({OtherNameOid})",
        },
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
