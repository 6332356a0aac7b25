using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads the TLS feature extension (RFC 7633 §6): SEQUENCE OF INTEGER, each the number of a TLS extension.</summary>
internal static class TlsFeatureReader
{
    public const string Oid = "1.3.6.1.5.5.7.1.24";

    /// <summary>False, with the defect in words, when there is no feature, one that is no TLS extension's number, or one twice.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, out IReadOnlyList<int> features, out string? defect)
    {
        features = [];
        var read = new List<int>();
        var reader = new DerReader(der);
        var wellFormed = reader.TryEnter(DerTag.Sequence, out var numbers) && reader.AtEnd && !numbers.AtEnd;
        while (wellFormed && !numbers.AtEnd)
        {
            // RFC 8446 §4.2: an ExtensionType has 16 bits.
            wellFormed = numbers.TryReadInt32(out var feature) && feature is >= 0 and <= ushort.MaxValue && !read.Contains(feature)
                && read.Count < DecodingLimits.TlsFeatures;
            read.Add(feature);
        }

        defect = wellFormed ? null : "TLS feature extension is no list of TLS extensions, each once";
        features = wellFormed ? read : [];
        return wellFormed;
    }
}
