using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>AlgorithmIdentifier (RFC 5280 §4.1.1.2), not judged.</summary>
/// <param name="Oid">The OBJECT IDENTIFIER, tag and length included.</param>
/// <param name="Parameters">The parameters' whole element; empty when absent.</param>
internal readonly record struct AlgorithmId(ReadOnlyMemory<byte> Oid, ReadOnlyMemory<byte> Parameters)
{
    public static bool TryRead(ref DerReader reader, out AlgorithmId algorithm)
    {
        algorithm = default;
        return reader.TryEnter(DerTag.Sequence, out var fields) && TryReadFields(fields, out algorithm);
    }

    /// <summary>Reads what stands inside the SEQUENCE, to the end.</summary>
    public static bool TryReadFields(DerReader fields, out AlgorithmId algorithm)
    {
        algorithm = default;
        if (!fields.TryRead(DerTag.Oid, out _, out var oid))
            return false;
        ReadOnlyMemory<byte> parameters = default;
        if (!fields.AtEnd && !fields.TryReadAny(out _, out _, out parameters))
            return false;
        algorithm = new AlgorithmId(oid, parameters);
        return fields.AtEnd;
    }

    public bool Is(ReadOnlySpan<byte> oid) => Oid.Span.SequenceEqual(oid);

    /// <summary>The dotted OID, for logs.</summary>
    public override string ToString()
    {
        var reader = new DerReader(Oid);
        return reader.TryReadOid(out var dotted) ? dotted : "an unreadable OID";
    }
}
