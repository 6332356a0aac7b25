using System.Formats.Asn1;
using Certctl.Application.Publication;

namespace Certctl.Infrastructure.Issuers.LocalCa.Crl;

/// <summary>crlExtensions (RFC 5280 §5.2), each written by the rule that governs it.</summary>
internal static class CrlExtensions
{
    /// <param name="authorityKeyIdentifier">The whole extension as DER.</param>
    /// <returns>With the tag [0] that is around them.</returns>
    /// <exception cref="ArgumentException">No CRL may say what the header says.</exception>
    public static byte[] Encode(CrlHeader header, ReadOnlySpan<byte> authorityKeyIdentifier)
    {
        if (Objection(header) is { } objection)
            throw new ArgumentException($"CRL {header.Number}: {objection}.", nameof(header));
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(authorityKeyIdentifier);
            LeafExtensions.Write(writer, "2.5.29.20", critical: false, Integer(header.Number));

            // RFC 5280 §5.2.4: the delta CRL indicator is critical: who does not know it would take the list for a complete one.
            if (header.BaseNumber is { } number)
                LeafExtensions.Write(writer, "2.5.29.27", critical: true, Integer(number));

            // RFC 5280 §5.2.5: critical; an IssuingDistributionPoint with a fullName alone has the form of a DistributionPoint with one.
            if (header.Partition is { } partition)
                LeafExtensions.Write(writer, "2.5.29.28", critical: true, LeafExtensions.DistributionPoint(partition));
            if (header.FreshestUrl is { } url)
                LeafExtensions.Write(writer, "2.5.29.46", critical: false, LeafExtensions.DistributionPoints([url]));
        }

        return writer.Encode();
    }

    private static string? Objection(CrlHeader header) => header switch
    {
        // RFC 5280 §5.2.6: freshestCRL must not appear in delta CRLs.
        { BaseNumber: not null, FreshestUrl: not null } => "a delta CRL names no delta CRL",

        // RFC 5280 §5.2.4: complete and delta CRLs are numbered in one sequence.
        { BaseNumber: { } number } when number > header.Number => $"its base {number} is later than itself",
        { Partition: "" } or { FreshestUrl: "" } => "a distribution point has no URL",
        _ => null,
    };

    private static byte[] Integer(long value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }
}
