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
            defect = read.Count == DecodingLimits.GeneralNames ? $"more than {DecodingLimits.GeneralNames} subject alternative names" : null;
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

        (string Text, string? Oid)? read = tag switch
        {
            0xA0 => ReadOtherName(content, whole),
            0x81 or 0x82 or 0x86 => ReadIa5(content.Span),
            0x87 => ReadIpAddress(content.Span),
            0xA4 => ReadDirectoryName(content),
            0xA3 or 0xA5 or 0x88 => (Convert.ToHexStringLower(whole.Span), null),
            _ => null,
        };
        defect = read is null ? $"a defective subject alternative name (tag 0x{tag:X2})" : null;
        if (read is null)
            return false;
        name = new SubjectAltName((SubjectAltNameKind)(tag & 0x1F), read.Value.Text, whole, read.Value.Oid);
        return true;
    }

    // RFC 5280 §4.2.1.6: IA5String. NUL would make two readers see two names.
    private static (string Text, string? Oid)? ReadIa5(ReadOnlySpan<byte> content) =>
        content.ContainsAnyExceptInRange((byte)0x01, (byte)0x7F) ? null : (Encoding.ASCII.GetString(content), null);

    // RFC 5280 §4.2.1.6: four octets for IPv4, sixteen for IPv6, and no others.
    private static (string Text, string? Oid)? ReadIpAddress(ReadOnlySpan<byte> content) =>
        content.Length is 4 or 16 ? (new IPAddress(content).ToString(), null) : null;

    // directoryName [4] is explicit, because Name is a CHOICE.
    private static (string Text, string? Oid)? ReadDirectoryName(ReadOnlyMemory<byte> content) =>
        NameReader.TryRead(content, out var name, out _) ? (name!.ToString(), null) : null;

    private static (string Text, string? Oid)? ReadOtherName(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> whole)
    {
        var fields = new DerReader(content);
        if (!fields.TryReadOid(out var oid) || !fields.TryEnter(DerTag.ContextConstructed(0), out var value) || !fields.AtEnd)
            return null;
        if (oid != SubjectAltName.UserPrincipalNameOid)
            return (Convert.ToHexStringLower(whole.Span), oid);
        // A UPN is a UTF8String and nothing else: what cannot be read cannot be compared with what the device was promised.
        if (!value.TryRead(DerTag.Utf8String, out var utf8)
            || !value.AtEnd
            || !DerText.TryDecode(DerTag.Utf8String, utf8.Span, out var text)
            || text.Contains('\0', StringComparison.Ordinal))
            return null;
        return (text, oid);
    }
}
