using System.Formats.Asn1;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient.Messages;

/// <summary>An extension that the server wants in the request.</summary>
/// <param name="Value">extnValue; null where the server leaves it to the client.</param>
public sealed record WantedExtension(string Oid, bool IsCritical, byte[]? Value);

/// <summary>A kind of key that the server wants.</summary>
/// <param name="Algorithm">OID of RSA or EC.</param>
/// <param name="Bits">Of RSA; null for any size.</param>
/// <param name="Curve">OID; null for any.</param>
public sealed record WantedKey(string Algorithm, int? Bits, string? Curve);

/// <summary>
/// What a server wants in a request (RFC 7030 §4.5.2, RFC 9908): a list of object identifiers and attributes, or a template. What is not
/// known here is kept by its object identifier, since RFC 7030 wants it ignored and the operator wants it named.
/// </summary>
public sealed class CsrAttributes
{
    internal const string RsaOid = "1.2.840.113549.1.1.1";
    internal const string EcOid = "1.2.840.10045.2.1";
    private const string Ed25519 = "1.3.101.112";
    private const string Ed448 = "1.3.101.113";
    private const string ExtensionRequest = "1.2.840.113549.1.9.14";
    private const string RequestTemplate = "1.2.840.113549.1.9.16.2.61";
    private const string ExtensionTemplate = "1.2.840.113549.1.9.16.2.62";
    private const int MaxEntries = 64;

    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Context1 = new(TagClass.ContextSpecific, 1);

    private readonly List<WantedKey> _keys = [];
    private readonly List<WantedExtension> _extensions = [];
    private readonly List<string> _oids = [];
    private readonly List<string> _subject = [];

    private CsrAttributes()
    {
    }

    /// <summary>A server that wants nothing in particular.</summary>
    public static CsrAttributes None { get; } = new();

    /// <summary>Any of these; empty when every key will do.</summary>
    public IReadOnlyList<WantedKey> Keys => _keys;

    public IReadOnlyList<WantedExtension> Extensions => _extensions;

    /// <summary>Everything else, signature algorithms among it, in the server's order.</summary>
    public IReadOnlyList<string> Oids => _oids;

    /// <summary>Types of the attributes that a template wants in the subject.</summary>
    public IReadOnlyList<string> Subject => _subject;

    public bool IsEmpty => _keys.Count + _extensions.Count + _oids.Count + _subject.Count == 0;

    public static CsrAttributes Read(ReadOnlySpan<byte> base64)
    {
        var der = EstBody.Decode(EstStage.CsrAttrs, "the list of CSR attributes", base64);
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            var entries = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var found = new CsrAttributes();
            for (var count = 0; entries.HasData; count++)
            {
                if (count == MaxEntries)
                    throw Wrong($"it has more than {MaxEntries} entries");

                // RFC 7030 §4.5.2: AttrOrOID.
                if (entries.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
                    found.Take(entries.ReadObjectIdentifier());
                else
                    found.Take(entries.ReadSequence());
            }

            return found;
        }
        catch (AsnContentException trouble)
        {
            throw Wrong("it is no CsrAttrs", trouble);
        }
    }

    private void Take(string oid)
    {
        if (oid is RsaOid or EcOid or Ed25519 or Ed448)
            TakeKey(new WantedKey(oid, null, null));
        else if (!_oids.Contains(oid))
            _oids.Add(oid);
    }

    private void Take(AsnReader attribute)
    {
        var type = attribute.ReadObjectIdentifier();
        var values = attribute.ReadSetOf(skipSortOrderValidation: true);
        attribute.ThrowIfNotEmpty();
        if (!values.HasData && type is not (RsaOid or EcOid))
            throw Wrong($"the attribute {type} has no value");
        switch (type)
        {
            case RsaOid or EcOid:
                TakeKeys(type, values);
                break;
            case ExtensionRequest or ExtensionTemplate:
                TakeExtensions(values, isTemplate: type == ExtensionTemplate);
                break;
            case RequestTemplate:
                TakeTemplate(values.ReadSequence());
                break;
            default:
                Take(type);
                break;
        }
    }

    // RFC 9908 §3.2: the size of an RSA key, the curve of an EC key.
    private void TakeKeys(string type, AsnReader values)
    {
        if (!values.HasData)
            TakeKey(new WantedKey(type, null, null));
        while (values.HasData)
        {
            TakeKey(type == EcOid
                ? new WantedKey(type, null, values.ReadObjectIdentifier())
                : new WantedKey(type, values.TryReadInt32(out var bits) ? bits : throw Wrong("an RSA key size has too many digits"), null));
        }
    }

    // RFC 9908 §3.2: one Extensions; RFC 7030's own example has bare object identifiers, which are wishes without a value.
    private void TakeExtensions(AsnReader values, bool isTemplate)
    {
        while (values.HasData)
        {
            if (values.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            {
                TakeExtension(new WantedExtension(values.ReadObjectIdentifier(), false, null));
                continue;
            }

            var (list, seen) = (values.ReadSequence(), new HashSet<string>());
            while (list.HasData)
            {
                var entry = list.ReadSequence();
                var oid = entry.ReadObjectIdentifier();
                var isCritical = entry.HasData && entry.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && entry.ReadBoolean();

                // RFC 9908 §3.4: extnValue may be missing in a template alone.
                var value = isTemplate && !entry.HasData ? null : entry.ReadOctetString();
                entry.ThrowIfNotEmpty();
                if (!seen.Add(oid))
                    throw Wrong($"it wants the extension {oid} twice");
                TakeExtension(new WantedExtension(oid, isCritical, value is { Length: 0 } ? null : value));
            }
        }
    }

    private void TakeKey(WantedKey key)
    {
        if (!_keys.Contains(key))
            _keys.Add(key);
    }

    // A server that has both a list and a template says the same in both; the one with a value says more.
    private void TakeExtension(WantedExtension extension)
    {
        var known = _extensions.FindIndex(other => other.Oid == extension.Oid);
        if (known < 0)
            _extensions.Add(extension);
        else if (extension.Value is not null)
            _extensions[known] = extension;
    }

    // RFC 9908 §3.4: CertificationRequestInfoTemplate.
    private void TakeTemplate(AsnReader template)
    {
        template.ReadInteger();
        if (template.HasData && template.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            TakeSubject(template.ReadSequence());
        if (template.HasData && template.PeekTag().HasSameClassAndValue(Context0))
            TakeKeyTemplate(template.ReadSequence(Context0));
        if (!template.HasData)
            return;
        var attributes = template.ReadSetOf(skipSortOrderValidation: true, Context1);
        while (attributes.HasData)
            Take(attributes.ReadSequence());
    }

    private void TakeSubject(AsnReader name)
    {
        while (name.HasData)
        {
            var relative = name.ReadSetOf(skipSortOrderValidation: true);
            while (relative.HasData)
                TakeSubject(relative.ReadSequence().ReadObjectIdentifier());
        }
    }

    private void TakeSubject(string type)
    {
        if (!_subject.Contains(type))
            _subject.Add(type);
    }

    // The key of a template stands for an RSA key of its size: a modulus of so many bits.
    private void TakeKeyTemplate(AsnReader key)
    {
        var algorithm = key.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        if (oid == EcOid)
            TakeKey(new WantedKey(oid, null, algorithm.HasData ? algorithm.ReadObjectIdentifier() : null));
        else if (oid == RsaOid)
            TakeKey(new WantedKey(oid, key.HasData ? ModulusBits(key.ReadBitString(out _)) : null, null));
        else
            TakeKey(new WantedKey(oid, null, null));
    }

    private static int ModulusBits(byte[] publicKey)
    {
        var modulus = new AsnReader(publicKey, AsnEncodingRules.DER).ReadSequence().ReadIntegerBytes().Span;
        return 8 * (modulus[0] == 0 ? modulus.Length - 1 : modulus.Length);
    }

    private static EstClientException Wrong(string what, Exception? inner = null) => EstClientException.Untrusted(
        EstStage.CsrAttrs, $"the server's list of CSR attributes cannot be read: {ScepStageNames.Printable(what)}.",
        "The operator of the server must put it right (RFC 9908 §3.2); --ignore-csrattrs asks without it.", inner);
}
