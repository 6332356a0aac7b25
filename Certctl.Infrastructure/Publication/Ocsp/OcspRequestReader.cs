using Certctl.Application.Publication.Ocsp;
using Certctl.Infrastructure.Crypto;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Publication.Ocsp;

/// <summary>Reads an OCSPRequest (RFC 6960 §4.1.1) in strict DER. Throws for nothing that a stranger sent.</summary>
internal static class OcspRequestReader
{
    private const int SerialOctets = 20;

    /// <summary>False, with the defect in words, for what is to be answered malformedRequest.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, out OcspRequest? request, out string? defect)
    {
        request = null;
        var reader = new DerReader(der);
        if (der.Length > DecodingLimits.OcspRequestOctets)
            defect = $"more than {DecodingLimits.OcspRequestOctets} octets";
        else if (!reader.TryEnter(DerTag.Sequence, out var outer) || !reader.AtEnd
            || !outer.TryEnter(DerTag.Sequence, out var fields) || !IsPastSignature(ref outer))
            defect = "no OCSPRequest in DER";
        else if (!IsPastVersion(ref fields))
            defect = "a version other than v1";
        else if (!TryReadEntries(ref fields, out var entries, out defect))
            return false;
        else if (!TryReadExtensions(ref fields, DerTag.ContextConstructed(2), ofEntry: false, out var nonce, out defect))
            return false;
        else if (!fields.AtEnd)
            defect = "something behind the requestExtensions";
        else
            request = new OcspRequest(entries, nonce);
        return request is not null;
    }

    // RFC 9919 §3.1.2: a responder may ignore the signature. What it is made of is nothing to us.
    private static bool IsPastSignature(ref DerReader outer) =>
        outer.AtEnd || (outer.TryRead(DerTag.ContextConstructed(0), out _) && outer.AtEnd);

    // DER leaves out the default. Compat: some clients write version v1(0).
    private static bool IsPastVersion(ref DerReader fields) =>
        fields.PeekTag != DerTag.ContextConstructed(0)
        || (fields.TryEnter(DerTag.ContextConstructed(0), out var version)
            && version.TryReadInt32(out var number) && number == 0 && version.AtEnd);

    private static bool TryReadEntries(ref DerReader fields, out List<OcspCertId> entries, out string? defect)
    {
        entries = [];

        // RFC 9919 §3.1.2: requestorName of an unsigned request is handled as if it were absent; and signatures are not looked at.
        if (fields.PeekTag == DerTag.ContextConstructed(1) && !fields.TryRead(DerTag.ContextConstructed(1), out _))
            defect = "a requestorName that is cut off";
        else if (!fields.TryEnter(DerTag.Sequence, out var list) || list.AtEnd)
            defect = "no entry in the requestList";
        else
            return TryReadEntries(list, entries, out defect);
        return false;
    }

    private static bool TryReadEntries(DerReader list, List<OcspCertId> entries, out string? defect)
    {
        while (!list.AtEnd)
        {
            defect = "an entry that is no Request";
            if (entries.Count == DecodingLimits.OcspEntries)
                defect = $"more than {DecodingLimits.OcspEntries} entries";
            else if (list.TryEnter(DerTag.Sequence, out var entry) && TryReadCertId(ref entry, out var certId)
                && TryReadExtensions(ref entry, DerTag.ContextConstructed(0), ofEntry: true, out _, out defect))
            {
                defect = entry.AtEnd ? null : "something behind an entry's extensions";
                entries.Add(certId!);
            }

            if (defect is not null)
                return false;
        }

        defect = null;
        return true;
    }

    private static bool TryReadCertId(ref DerReader entry, out OcspCertId? certId)
    {
        certId = null;
        if (entry.PeekTag != DerTag.Sequence || !entry.TryReadAny(out _, out var content, out var whole))
            return false;
        var fields = new DerReader(content);

        // Parameters are NULL or absent, and decide nothing. An algorithm that is unknown here names no CA of ours.
        if (!fields.TryEnter(DerTag.Sequence, out var algorithm) || !algorithm.TryRead(DerTag.Oid, out var oid) || oid.IsEmpty
            || (!algorithm.AtEnd && !(algorithm.TryReadAny(out _, out _, out _) && algorithm.AtEnd))
            || !fields.TryRead(DerTag.OctetString, out var nameHash) || !fields.TryRead(DerTag.OctetString, out var keyHash)
            || !fields.TryReadInteger(out var serial) || serial.Length > DecodingLimits.SerialNumberOctets || !fields.AtEnd)
            return false;
        certId = new OcspCertId(whole, oid, nameHash, keyHash, SerialOf(serial.Span));
        return true;
    }

    // Of 40 digits, as they are stored: one certificate in sixteen has a serial number whose first digit is a zero.
    private static string? SerialOf(ReadOnlySpan<byte> serial)
    {
        if (serial[0] >= 0x80)
            return null;
        serial = serial[0] == 0 ? serial[1..] : serial;
        return serial.Length <= SerialOctets ? Convert.ToHexStringLower(serial).PadLeft(2 * SerialOctets, '0') : null;
    }

    /// <summary>Reads [n] EXPLICIT Extensions where they are there, and keeps the value of the nonce.</summary>
    private static bool TryReadExtensions(
        ref DerReader fields, byte tag, bool ofEntry, out ReadOnlyMemory<byte>? nonce, out string? defect)
    {
        nonce = null;
        defect = null;
        if (fields.PeekTag != tag)
            return true;
        defect = "extensions that are none";
        if (!fields.TryEnter(tag, out var wrapped) || !wrapped.TryEnter(DerTag.Sequence, out var list) || !wrapped.AtEnd)
            return false;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!list.AtEnd)
        {
            if (!TryReadExtension(ref list, out var oid, out var isCritical, out var value))
                return false;
            defect = Objection(seen, oid, isCritical, value, ofEntry);
            if (defect is not null)
                return false;
            if (oid == OcspOid.Nonce && !ofEntry)
                nonce = value;
            defect = "extensions that are none";
        }

        defect = null;
        return true;
    }

    private static string? Objection(
        HashSet<string> seen, string oid, bool isCritical, ReadOnlyMemory<byte> value, bool ofEntry) => oid switch
        {
            // RFC 5280 §4.2: no more than one instance of a particular extension.
            _ when !seen.Add(oid) => $"extension {oid} stands twice",
            _ when seen.Count > DecodingLimits.Extensions => $"more than {DecodingLimits.Extensions} extensions",
            OcspOid.Nonce when !ofEntry => IsNonce(value) ? null : $"a nonce that has not 1 to {DecodingLimits.OcspNonceOctets} octets",
            OcspOid.Response when !ofEntry && isCritical => TakesBasic(value) ? null : "no response type that is acceptable is known here",

            // RFC 6960 §4.1.2: what is critical must be understood.
            _ => isCritical ? $"the critical extension {oid} is not known" : null,
        };

    private static bool TryReadExtension(ref DerReader list, out string oid, out bool isCritical, out ReadOnlyMemory<byte> value)
    {
        (oid, isCritical, value) = ("", false, default);
        if (!list.TryEnter(DerTag.Sequence, out var fields) || !fields.TryReadOid(out oid))
            return false;

        // DER leaves out a criticality of FALSE. Compat: as in certificates, clients write it.
        if (fields.PeekTag == DerTag.Boolean)
        {
            if (!fields.TryRead(DerTag.Boolean, out var critical) || critical.Length != 1)
                return false;
            isCritical = critical.Span[0] != 0;
        }

        return fields.TryRead(DerTag.OctetString, out value) && fields.AtEnd;
    }

    // RFC 9654 §2.1: Nonce ::= OCTET STRING (SIZE (1..128)); malformedRequest for any other length. Repeated where it has 1 to 15 too.
    private static bool IsNonce(ReadOnlyMemory<byte> value)
    {
        var reader = new DerReader(value);
        return reader.TryRead(DerTag.OctetString, out var octets) && reader.AtEnd
            && octets.Length is >= 1 and <= DecodingLimits.OcspNonceOctets;
    }

    // RFC 6960 §4.4.3: AcceptableResponses ::= SEQUENCE OF OBJECT IDENTIFIER.
    private static bool TakesBasic(ReadOnlyMemory<byte> value)
    {
        var reader = new DerReader(value);
        if (!reader.TryEnter(DerTag.Sequence, out var types) || !reader.AtEnd)
            return false;
        while (types.TryReadOid(out var type))
        {
            if (type == OcspOid.Basic)
                return true;
        }

        return false;
    }
}
