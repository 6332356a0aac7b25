using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>The attributes of a PKCS#10 that mean something to a CA (RFC 2985 §5.4); the others are known by their names alone.</summary>
internal sealed record CsrAttributes(Secret? ChallengePassword, IReadOnlyList<SubjectAltName> SubjectAltNames, IReadOnlySet<string> Oids)
{
    private const string ChallengePasswordOid = "1.2.840.113549.1.9.7";
    private const string ExtensionRequestOid = "1.2.840.113549.1.9.14";

    // Compat: Windows clients wrote their extensions under Microsoft's own OID before PKCS#9 had one.
    private const string MicrosoftExtensionsOid = "1.3.6.1.4.1.311.2.1.14";
    private const int MaxAttributes = 64;

    /// <summary>Reads the content of attributes [0]; empty content is a request without any.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out CsrAttributes attributes, out string? defect)
    {
        attributes = new CsrAttributes(null, [], new HashSet<string>());
        if (!TryReadAll(content, out var values, out defect))
            return false;

        Secret? challenge = null;
        if (values.TryGetValue(ChallengePasswordOid, out var password) && !TryReadChallenge(password, out challenge, out defect))
            return false;

        var oids = new HashSet<string>(values.Keys);
        IReadOnlyList<SubjectAltName> names = [];
        if (FindExtensions(values, out var extensions, out defect) && !TryReadExtensions(extensions, oids, out names, out defect))
            return false;
        if (defect is not null)
            return false;
        attributes = new CsrAttributes(challenge, names, oids);
        return true;
    }

    private static bool TryReadAll(ReadOnlyMemory<byte> content, out Dictionary<string, ReadOnlyMemory<byte>> values, out string? defect)
    {
        values = [];
        defect = null;
        var reader = new DerReader(content);
        while (!reader.AtEnd)
        {
            if (!reader.TryEnter(DerTag.Sequence, out var attribute) || !attribute.TryReadOid(out var oid) || !attribute.TryRead(DerTag.Set, out var set) || !attribute.AtEnd)
                defect = "an attribute is not made of type and values";

            // RFC 2986 §4.1: SET SIZE(1..MAX). Two of one type would leave the choice to the reader.
            else if (set.IsEmpty)
                defect = $"attribute {oid} has no value";
            else if (!values.TryAdd(oid, set))
                defect = $"attribute {oid} stands twice";
            else if (values.Count > MaxAttributes)
                defect = $"more than {MaxAttributes} attributes";
            if (defect is not null)
                return false;
        }

        return true;
    }

    // RFC 2985 §5.4.1: one value, a DirectoryString; clients use every string type there is, at any length. A blank one is none.
    private static bool TryReadChallenge(ReadOnlyMemory<byte> set, out Secret? challenge, out string? defect)
    {
        challenge = null;
        defect = "challengePassword is not one string";
        var values = new DerReader(set);
        if (!values.TryReadAny(out var tag, out var content, out _) || !values.AtEnd || !DerText.TryDecode(tag, content.Span, out var text))
            return false;
        challenge = text.Length == 0 ? null : new Secret(text);
        defect = null;
        return true;
    }

    private static bool FindExtensions(Dictionary<string, ReadOnlyMemory<byte>> values, out ReadOnlyMemory<byte> extensions, out string? defect)
    {
        var standard = values.TryGetValue(ExtensionRequestOid, out extensions);
        var microsoft = values.TryGetValue(MicrosoftExtensionsOid, out var other);
        defect = standard && microsoft ? "extensions are requested in two attributes" : null;
        if (microsoft && !standard)
            extensions = other;
        return defect is null && (standard || microsoft);
    }

    // RFC 2985 §5.4.2: single-valued.
    private static bool TryReadExtensions(ReadOnlyMemory<byte> set, HashSet<string> oids, out IReadOnlyList<SubjectAltName> names, out string? defect)
    {
        names = [];
        defect = "extensionRequest is not one list of extensions";
        var values = new DerReader(set);
        if (!values.TryRead(DerTag.Sequence, out _, out var list) || !values.AtEnd || !ExtensionReader.TryReadAll(list, out var extensions, out defect))
            return false;
        oids.UnionWith(extensions.Keys);
        return !extensions.TryGetValue(ExtensionReader.SubjectAltNameOid, out var value) || GeneralNameReader.TryReadAll(value, out names, out defect);
    }
}
