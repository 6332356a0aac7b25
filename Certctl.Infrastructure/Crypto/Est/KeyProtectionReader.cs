using Certctl.Application.Est.ServerKeys;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>Reads how a PKCS#10 wants the server's key encrypted (RFC 7030 §4.4.1).</summary>
internal static class KeyProtectionReader
{
    private const int MaxKeyId = 64;
    private const int MaxCapabilities = 64;

    /// <summary>Null, with the defect in words, where the attributes say nothing that can be followed.</summary>
    /// <param name="csr">A CertificationRequest in DER that has been read before.</param>
    public static KeyProtection? Read(ReadOnlyMemory<byte> csr, out string? defect)
    {
        ReadOnlyMemory<byte>? symmetric = null, asymmetric = null;
        IReadOnlyList<string>? algorithms = null;
        var attributes = new DerReader(AttributesOf(csr));
        while (attributes.TryEnter(DerTag.Sequence, out var attribute))
        {
            defect = attribute.TryReadOid(out var oid) && attribute.TryEnter(DerTag.Set, out var values)
                ? oid switch
                {
                    EstOid.DecryptKeyId => ReadKeyId(values, ref symmetric, "DecryptKeyIdentifier"),
                    EstOid.AsymmetricDecryptKeyId => ReadKeyId(values, ref asymmetric, "AsymmetricDecryptKeyIdentifier"),
                    EstOid.SmimeCapabilities => ReadAlgorithms(values, ref algorithms),
                    _ => null,
                }
                : "an attribute of the request is no pair of type and values";
            if (defect is not null)
                return null;
        }

        // RFC 7030 §4.4.1: one key or the other; with both, client and server could each mean another.
        defect = symmetric is not null && asymmetric is not null
            ? "the request has both a DecryptKeyIdentifier and an AsymmetricDecryptKeyIdentifier" : null;
        return (symmetric, asymmetric) switch
        {
            (not null, not null) => null,
            ({ } id, _) => new KeyProtection.Symmetric(id, algorithms ?? []),
            (_, { } id) => new KeyProtection.Asymmetric(id, algorithms ?? []),
            _ => new KeyProtection.None(),
        };
    }

    /// <summary>The content of attributes [0] (RFC 2986 §4.1); empty when there are none.</summary>
    public static ReadOnlyMemory<byte> AttributesOf(ReadOnlyMemory<byte> csr)
    {
        var reader = new DerReader(csr);
        return reader.TryEnter(DerTag.Sequence, out var request)
            && request.TryEnter(DerTag.Sequence, out var info)
            && info.TryReadAny(out _, out _, out _) && info.TryReadAny(out _, out _, out _) && info.TryReadAny(out _, out _, out _)
            && info.TryRead(DerTag.ContextConstructed(0), out var content)
                ? content
                : default;
    }

    private static string? ReadKeyId(DerReader values, ref ReadOnlyMemory<byte>? id, string name)
    {
        if (id is not null)
            return $"the request has two of {name}";
        if (!values.TryRead(DerTag.OctetString, out var octets) || !values.AtEnd || octets.Length is 0 or > MaxKeyId)
            return $"{name} is not one OCTET STRING of 1 to {MaxKeyId} octets";
        id = octets;
        return null;
    }

    // RFC 8551 §2.5.2: SEQUENCE OF SEQUENCE { capabilityID, parameters OPTIONAL }, preferred ones first.
    private static string? ReadAlgorithms(DerReader values, ref IReadOnlyList<string>? algorithms)
    {
        const string defect = "smimeCapabilities is not one list of capabilities";
        if (algorithms is not null)
            return "the request has two of smimeCapabilities";
        if (!values.TryEnter(DerTag.Sequence, out var capabilities) || !values.AtEnd)
            return defect;
        var oids = new List<string>();
        while (!capabilities.AtEnd)
        {
            if (oids.Count == MaxCapabilities
                || !capabilities.TryEnter(DerTag.Sequence, out var capability) || !capability.TryReadOid(out var oid))
                return defect;
            oids.Add(oid);
        }

        algorithms = oids;
        return null;
    }
}
