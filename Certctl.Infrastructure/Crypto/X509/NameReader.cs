using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads a Name (RFC 5280 §4.1.2.4).</summary>
internal static class NameReader
{
    /// <summary>False, with the defect in words, when the bytes are no Name. The name keeps slices of <paramref name="nameDer"/>.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> nameDer, out SubjectName? name, out string? defect)
    {
        name = null;
        if (nameDer.Length > DecodingLimits.NameOctets)
        {
            defect = $"a name has more than {DecodingLimits.NameOctets} octets";
            return false;
        }

        var reader = new DerReader(nameDer);
        if (!reader.TryEnter(DerTag.Sequence, out var rdns) || !reader.AtEnd)
        {
            defect = "a name is no SEQUENCE";
            return false;
        }

        var read = new List<IReadOnlyList<NameAttribute>>();
        var remaining = DecodingLimits.NameAttributes;
        while (!rdns.AtEnd)
        {
            if (!TryReadRdn(ref rdns, ref remaining, out var rdn, out defect))
                return false;
            read.Add(rdn);
        }

        name = new SubjectName { Der = nameDer, Rdns = read };
        defect = null;
        return true;
    }

    private static bool TryReadRdn(ref DerReader rdns, ref int remaining, out List<NameAttribute> rdn, out string? defect)
    {
        rdn = [];
        // RFC 5280 §4.1.2.4: RelativeDistinguishedName is a SET SIZE (1..MAX).
        if (!rdns.TryEnter(DerTag.Set, out var attributes) || attributes.AtEnd)
        {
            defect = "a relative distinguished name is no SET or an empty one";
            return false;
        }

        while (!attributes.AtEnd)
        {
            if (remaining-- == 0)
            {
                defect = $"a name has more than {DecodingLimits.NameAttributes} attributes";
                return false;
            }

            if (!TryReadAttribute(ref attributes, out var attribute, out defect))
                return false;
            rdn.Add(attribute);
        }

        defect = null;
        return true;
    }

    private static bool TryReadAttribute(ref DerReader attributes, out NameAttribute attribute, out string? defect)
    {
        attribute = null!;
        if (!attributes.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadOid(out var oid)
            || !fields.TryReadAny(out var tag, out var content, out var whole)
            || !fields.AtEnd)
        {
            defect = "an attribute of a name is no pair of type and value";
            return false;
        }

        if (!TryReadValue(tag, content.Span, whole.Span, out var value))
        {
            defect = $"attribute {oid} of a name is no text in its string type, or contains NUL";
            return false;
        }

        attribute = new NameAttribute(oid, value, whole);
        defect = null;
        return true;
    }

    // NUL ends strings for some readers and not for others, so that two of them would see two names; and PostgreSQL does not store it.
    private static bool TryReadValue(byte tag, ReadOnlySpan<byte> content, ReadOnlySpan<byte> whole, out string value)
    {
        if (DerText.IsString(tag))
            return DerText.TryDecode(tag, content, out value) && !value.Contains('\0', StringComparison.Ordinal);
        // RFC 4514 §2.4: a value that is no string is shown as its encoding in hex.
        value = $"#{Convert.ToHexStringLower(whole)}";
        return true;
    }
}
