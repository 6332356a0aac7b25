using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads Extensions (RFC 5280 §4.1), of certificates and of requests.</summary>
internal static class ExtensionReader
{
    public const string SubjectAltNameOid = "2.5.29.17";
    public const string SubjectKeyIdentifierOid = "2.5.29.14";
    public const string AuthorityKeyIdentifierOid = "2.5.29.35";

    /// <summary>Reads a SEQUENCE OF Extension: extnValue by OID. A list with none is tolerated; one OID twice is not.</summary>
    public static bool TryReadAll(ReadOnlyMemory<byte> der, out Dictionary<string, ReadOnlyMemory<byte>> values, out string? defect)
    {
        values = [];
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var extensions) || !reader.AtEnd)
        {
            defect = "extensions are no SEQUENCE";
            return false;
        }

        while (!extensions.AtEnd)
        {
            if (!TryRead(ref extensions, out var oid, out var value))
                defect = "an extension is not made of identifier, criticality and value";
            // RFC 5280 §4.2: no more than one instance of a particular extension.
            else if (!values.TryAdd(oid, value))
                defect = $"extension {oid} stands twice";
            else
                defect = values.Count > DecodingLimits.Extensions ? $"more than {DecodingLimits.Extensions} extensions" : null;
            if (defect is not null)
                return false;
        }

        defect = null;
        return true;
    }

    private static bool TryRead(ref DerReader extensions, out string oid, out ReadOnlyMemory<byte> value)
    {
        oid = string.Empty;
        value = default;
        if (!extensions.TryEnter(DerTag.Sequence, out var fields) || !fields.TryReadOid(out oid))
            return false;
        // DER leaves out a criticality of FALSE. Compat: devices write it.
        if (fields.PeekTag == DerTag.Boolean && !(fields.TryRead(DerTag.Boolean, out var critical) && critical.Length == 1))
            return false;
        return fields.TryRead(DerTag.OctetString, out value) && fields.AtEnd;
    }
}
