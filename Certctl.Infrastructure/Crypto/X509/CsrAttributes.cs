using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>What the attributes of a PKCS#10 ask for (RFC 2986 §4.1, RFC 2985 §5.4).</summary>
internal sealed class CsrAttributes
{
    private const string ChallengePasswordOid = "1.2.840.113549.1.9.7";
    private const string ExtensionRequestOid = "1.2.840.113549.1.9.14";
    private const string MicrosoftExtensionRequestOid = "1.3.6.1.4.1.311.2.1.14";

    private readonly HashSet<string> _oids = new(StringComparer.Ordinal);
    private EnrolmentNameValues? _nameValues;
    private bool _hasChallengePassword;
    private bool _hasExtensions;

    private CsrAttributes()
    {
    }

    public Secret? ChallengePassword { get; private set; }

    /// <summary>
    /// The octets of <see cref="ChallengePassword"/> where they stand in the content that was read; empty when it has none.
    /// </summary>
    public ReadOnlyMemory<byte> ChallengeOctets { get; private set; }

    public IReadOnlyList<SubjectAltName> SubjectAltNames { get; private set; } = [];

    /// <summary>The requested extensions without subjectAltName: extnValue by OID.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> OtherExtensions { get; private set; } =
        new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The life that the request asks for; null when it asks for none that can be read.</summary>
    public RequestedValidity? RequestedValidity => _nameValues?.Validity;

    /// <summary>OIDs of the attributes and of the requested extensions.</summary>
    public IReadOnlySet<string> Oids => _oids;

    /// <summary>Reads the content of attributes [0]; empty when the request has none. A defect never quotes a value.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out CsrAttributes? attributes, out string? defect)
    {
        attributes = null;
        defect = null;
        var read = new CsrAttributes();
        var reader = new DerReader(content);
        for (var count = 0; !reader.AtEnd; count++)
        {
            defect = count == DecodingLimits.RequestAttributes
                ? $"the request has more than {DecodingLimits.RequestAttributes} attributes"
                : read.Add(ref reader);
            if (defect is not null)
                return false;
        }

        attributes = read;
        return true;
    }

    private string? Add(ref DerReader reader)
    {
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadOid(out var oid)
            || !fields.TryEnter(DerTag.Set, out var values)
            || !fields.AtEnd)
            return "an attribute of the request is no pair of type and values";
        // RFC 2986 §4.1: values SET SIZE(1..MAX).
        if (values.AtEnd)
            return $"attribute {oid} of the request has no value";

        _oids.Add(oid);
        return oid switch
        {
            ChallengePasswordOid => AddChallengePassword(values),
            ExtensionRequestOid or MicrosoftExtensionRequestOid => AddExtensions(values),
            // Compat: Windows repeats some of its attributes (enrollmentNameValuePair); what is not read here may stand twice.
            EnrolmentNameValues.Oid => AddNameValues(values),
            _ => values.TryReadAny(out _, out _, out _) ? null : Defective(oid),
        };
    }

    private static string Defective(string oid) => $"attribute {oid} of the request has a defective value";

    private string? AddNameValues(DerReader values)
    {
        if (!values.TryReadAny(out _, out _, out var value))
            return Defective(EnrolmentNameValues.Oid);
        _nameValues ??= new EnrolmentNameValues();
        do
            _nameValues.Add(value);
        while (values.TryReadAny(out _, out _, out value));
        return null;
    }

    private string? AddChallengePassword(DerReader values)
    {
        // RFC 2985 §5.4.1: SINGLE VALUE, so there is one attribute and one value: two would let sender and server each mean another.
        if (_hasChallengePassword)
            return "challengePassword stands twice";
        _hasChallengePassword = true;
        // RFC 2985 §5.4.1: a DirectoryString; Compat: IA5String and others too, and kilobytes of it (Intune).
        if (!values.TryReadAny(out var tag, out var content, out _) || !DerText.TryDecode(tag, content.Span, out var text))
            return "challengePassword is no text";
        if (!values.AtEnd)
            return "challengePassword has more than one value";
        ChallengeOctets = content;

        // Compat: clients send a blank one on renewal, which is none.
        ChallengePassword = string.IsNullOrWhiteSpace(text) ? null : new Secret(text);
        return null;
    }

    private string? AddExtensions(DerReader values)
    {
        // RFC 2985 §5.4.2: SINGLE VALUE. One of PKCS#9 and one of Microsoft could contradict each other, so they count as two.
        if (_hasExtensions)
            return "the request asks for extensions twice";
        _hasExtensions = true;
        if (!values.TryRead(DerTag.Sequence, out _, out var whole) || !values.AtEnd)
            return "extensionRequest is not one list of extensions";
        if (!ExtensionReader.TryReadAll(whole, out var extensions, out var defect))
            return defect;
        // The profile decides about the TLS feature; one that is malformed says that the device does not know what it asks for.
        if (extensions.TryGetValue(TlsFeatureReader.Oid, out var feature) && !TlsFeatureReader.TryRead(feature, out _, out defect))
            return $"the request's {defect}";
        _oids.UnionWith(extensions.Keys);
        var hasNames = extensions.Remove(ExtensionReader.SubjectAltNameOid, out var der);
        OtherExtensions = extensions;
        if (!hasNames)
            return null;
        if (!GeneralNameReader.TryReadAll(der, out var names, out defect))
            return defect;
        SubjectAltNames = names;
        return null;
    }
}
