using System.Net;
using System.Text;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads GeneralNames (RFC 5280 §4.2.1.6).</summary>
internal static class GeneralNameReader
{
    /// <summary>Reads the value of a subjectAltName extension: SEQUENCE OF GeneralName, in order. An empty list is tolerated.</summary>
    public static bool TryReadAll(ReadOnlyMemory<byte> der, out IReadOnlyList<SubjectAltName> names, out string? defect)
    {
        names = [];
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var sequence) || !reader.AtEnd)
        {
            defect = "subject alternative names are no SEQUENCE";
            return false;
        }

        var read = new List<SubjectAltName>();
        while (!sequence.AtEnd)
        {
            defect = read.Count == DecodingLimits.GeneralNames
                ? $"more than {DecodingLimits.GeneralNames} subject alternative names"
                : null;
            if (defect is not null || !TryRead(ref sequence, out var name, out defect))
                return false;
            read.Add(name!);
        }

        names = read;
        defect = null;
        return true;
    }

    private static bool TryRead(ref DerReader sequence, out SubjectAltName? name, out string? defect)
    {
        name = null;
        if (!sequence.TryReadAny(out var tag, out var content, out var whole))
        {
            defect = "a subject alternative name is no element in DER";
            return false;
        }

        name = tag switch
        {
            0xA0 => ReadOtherName(content, whole),
            0x81 or 0x82 or 0x86 => ReadIa5(tag, content.Span, whole),
            0x87 => ReadIpAddress(content.Span, whole),
            0xA4 => ReadDirectoryName(content, whole),
            0x88 => new(SubjectAltNameKind.RegisteredId, DerOid.TryFormat(content.Span, out var oid) ? oid : Hex(whole), whole),
            0xA3 or 0xA5 => new((SubjectAltNameKind)(tag & 0x1F), Hex(whole), whole),
            _ => null,
        };
        defect = name is null ? $"a defective subject alternative name (tag 0x{tag:X2})" : null;
        return name is not null;
    }

    private static string Hex(ReadOnlyMemory<byte> whole) => Convert.ToHexStringLower(whole.Span);

    // RFC 5280 §4.2.1.6: IA5String. NUL would make two readers see two names.
    private static SubjectAltName? ReadIa5(byte tag, ReadOnlySpan<byte> content, ReadOnlyMemory<byte> whole) =>
        content.ContainsAnyExceptInRange((byte)0x01, (byte)0x7F)
            ? null
            : new((SubjectAltNameKind)(tag & 0x1F), Encoding.ASCII.GetString(content), whole);

    // RFC 5280 §4.2.1.6: four octets for IPv4, sixteen for IPv6, and no others. Compat: none at all where a variable of an MDM was empty;
    // the profile says whether that is dropped or refused.
    private static SubjectAltName? ReadIpAddress(ReadOnlySpan<byte> content, ReadOnlyMemory<byte> whole) =>
        content.Length is 0 or 4 or 16
            ? new(SubjectAltNameKind.IpAddress, content.IsEmpty ? string.Empty : new IPAddress(content).ToString(), whole)
            : null;

    // directoryName [4] is explicit, because Name is a CHOICE.
    private static SubjectAltName? ReadDirectoryName(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> whole) =>
        NameReader.TryRead(content, out var name, out _)
            ? new(SubjectAltNameKind.DirectoryName, name!.ToString(), whole) { DirectoryName = name }
            : null;

    private static SubjectAltName? ReadOtherName(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> whole)
    {
        var fields = new DerReader(content);
        if (!fields.TryReadOid(out var oid) || !fields.TryEnter(DerTag.ContextConstructed(0), out var value) || !fields.AtEnd)
            return null;
        var text = oid switch
        {
            // A UPN is a UTF8String and nothing else: what cannot be read cannot be compared with what the device was promised.
            SubjectAltName.UserPrincipalNameOid => ReadUtf8(value),
            SubjectAltName.SmtpUtf8MailboxOid => ReadUtf8(value) ?? Hex(whole),
            SubjectAltName.NtdsReplicationOid => ReadGuid(value) ?? Hex(whole),
            SubjectAltName.HardwareModuleNameOid => ReadModule(value) ?? Hex(whole),
            _ => Hex(whole),
        };
        return text is null ? null : new(SubjectAltNameKind.OtherName, text, whole, oid);
    }

    private static string? ReadUtf8(DerReader value) =>
        value.TryRead(DerTag.Utf8String, out var utf8)
        && value.AtEnd
        && DerText.TryDecode(DerTag.Utf8String, utf8.Span, out var text)
        && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : null;

    // [MS-DTYP] §2.3.4.2: the first three fields of a GUID in little-endian octets.
    private static string? ReadGuid(DerReader value) =>
        value.TryRead(DerTag.OctetString, out var octets) && value.AtEnd && octets.Length == 16 ? new Guid(octets.Span).ToString() : null;

    // RFC 4108 §5: SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING }.
    private static string? ReadModule(DerReader value) =>
        value.TryEnter(DerTag.Sequence, out var module)
        && value.AtEnd
        && module.TryReadOid(out var type)
        && module.TryRead(DerTag.OctetString, out var serial)
        && module.AtEnd
            ? $"{type}:{Convert.ToHexStringLower(serial.Span)}"
            : null;
}
