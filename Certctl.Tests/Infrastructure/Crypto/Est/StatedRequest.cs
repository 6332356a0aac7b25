using System.Formats.Asn1;
using System.Globalization;
using System.Text;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Est;

/// <summary>
/// What an answer of csrattrs states, read by the platform's ASN.1 alone, and the request that a client makes of it with openssl.
/// </summary>
internal sealed class StatedRequest
{
    private const string ChallengePassword = "1.2.840.113549.1.9.7";
    private const string ExtensionRequest = "1.2.840.113549.1.9.14";
    private const string RequestTemplate = "1.2.840.113549.1.9.16.2.61";
    private const string ExtensionTemplate = "1.2.840.113549.1.9.16.2.62";
    private const string SubjectAltName = "2.5.29.17";

    public List<string> Oids { get; } = [];

    public Dictionary<string, byte[]> Attributes { get; } = [];

    /// <summary>Kinds of keys with what openssl calls them, the first one first: "rsa:2048", "ec:1.3.132.0.34".</summary>
    public List<string> Keys { get; } = [];

    public List<string> SubjectTypes { get; } = [];

    /// <summary>Values by OID; null: the client's to choose.</summary>
    public Dictionary<string, (bool Critical, byte[]? Value)> Extensions { get; } = [];

    public bool WantsChallenge { get; set; }

    /// <summary>The challengePassword of <see cref="MakeRequest"/>.</summary>
    public string Challenge { get; set; } = "the challenge";

    /// <summary>Reads the list, as a client that knows RFC 7030 does.</summary>
    public static StatedRequest OfList(byte[] der)
    {
        var stated = new StatedRequest();
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        while (list.HasData)
        {
            if (list.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            {
                stated.AddOid(list.ReadObjectIdentifier());
                continue;
            }

            var (type, value) = ReadAttribute(list);
            stated.Attributes.Add(type, value);
            stated.Add(type, value);
        }

        return stated;
    }

    /// <summary>Reads the template, as a client that knows RFC 9908 does.</summary>
    public static StatedRequest OfTemplate(byte[] der)
    {
        var stated = new StatedRequest();
        var template = new AsnReader(OfList(der).Attributes[RequestTemplate], AsnEncodingRules.DER).ReadSequence();
        Assert.Equal(0, template.ReadInteger());
        if (template.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            var subject = template.ReadSequence();
            while (subject.HasData)
            {
                var attribute = subject.ReadSetOf().ReadSequence();
                stated.SubjectTypes.Add(attribute.ReadObjectIdentifier());
                attribute.ThrowIfNotEmpty();
            }
        }

        var key = template.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        stated.Keys.Add(ReadKey(key));
        var attributes = template.ReadSetOf(new Asn1Tag(TagClass.ContextSpecific, 1));
        template.ThrowIfNotEmpty();
        while (attributes.HasData)
        {
            var (type, value) = ReadAttribute(attributes);
            stated.Attributes.Add(type, value);
            stated.Add(type, value);
        }

        // RFC 9908 §3.4: never both.
        Assert.False(stated.Attributes.ContainsKey(ExtensionRequest) && stated.Attributes.ContainsKey(ExtensionTemplate));
        return stated;
    }

    /// <summary>A PKCS#10 in DER that openssl makes: what is stated, with values of the client.</summary>
    /// <param name="key">Which of <see cref="Keys"/>.</param>
    public byte[] MakeRequest(TemporaryFolder folder, int key = 0)
    {
        var kind = Keys[key].Split(':');
        OpenSsl.Run(kind[0] == "rsa"
            ? ["genpkey", "-algorithm", "RSA", "-pkeyopt", $"rsa_keygen_bits:{kind[1]}", "-out", folder["key"]]
            : kind[0] == "ec"
                ? ["genpkey", "-algorithm", "EC", "-pkeyopt", $"ec_paramgen_curve:{Curve(kind[1])}", "-out", folder["key"]]
                : ["genpkey", "-algorithm", "ED25519", "-out", folder["key"]]);
        File.WriteAllText(folder["conf"], Configuration());
        OpenSsl.Run(
            ["req", "-new", "-config", folder["conf"], "-key", folder["key"], "-outform", "DER", "-out", folder["csr"],
            .. SubjectTypes.Count == 0 ? new[] { "-subj", "/" } : []]);
        return File.ReadAllBytes(folder["csr"]);
    }

    private static string Curve(string oid) => oid switch { "1.3.132.0.34" => "P-384", "1.3.132.0.35" => "P-521", _ => "P-256" };

    private string Configuration()
    {
        var text = new StringBuilder("[req]\nprompt=no\nutf8=yes\ndistinguished_name=dn\nattributes=at\nreq_extensions=ex\n[dn]\n");

        // What stands before the first dot only tells equal names apart.
        foreach (var (type, number) in SubjectTypes.Select((type, number) => (type, number)))
            text.Append(CultureInfo.InvariantCulture, $"0.{type}=value-{number}\n");
        text.Append("[at]\n");
        if (WantsChallenge)
            text.Append(CultureInfo.InvariantCulture, $"challengePassword={Challenge}\n");
        if (Oids.Contains("1.2.840.113549.1.9.2") || Attributes.ContainsKey("1.2.840.113549.1.9.2"))
            text.Append("unstructuredName=name\n");
        text.Append("[ex]\n");
        foreach (var (oid, (critical, value)) in Extensions)
        {
            var words = oid == SubjectAltName ? "DNS:device-1.example" : $"DER:{Convert.ToHexString(value ?? [0x05, 0x00])}";
            var name = oid == SubjectAltName ? "subjectAltName" : oid;
            text.Append(CultureInfo.InvariantCulture, $"{name}={(critical ? "critical," : "")}{words}\n");
        }

        return text.ToString();
    }

    private void AddOid(string oid)
    {
        Oids.Add(oid);
        if (oid == ChallengePassword)
            WantsChallenge = true;
        else if (oid == SubjectAltName)
            Extensions[oid] = (false, null);
        else if (oid.StartsWith("2.5.4.", StringComparison.Ordinal))
            SubjectTypes.Add(oid);
        else if (oid == "1.3.101.112")
            Keys.Add("ed25519");
        else if (oid.StartsWith("1.3.6.1.4.1.311.", StringComparison.Ordinal))
            Extensions[oid] = (false, null);
    }

    private void Add(string type, byte[] value)
    {
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        switch (type)
        {
            case "1.2.840.113549.1.1.1":
                Keys.Add($"rsa:{reader.ReadInteger()}");
                break;
            case "1.2.840.10045.2.1":
                Keys.Add($"ec:{reader.ReadObjectIdentifier()}");
                break;
            case ChallengePassword:
                WantsChallenge = true;
                break;
            case ExtensionRequest or ExtensionTemplate:
                ReadExtensions(reader, mayBeOpen: type == ExtensionTemplate);
                break;
        }
    }

    // RFC 9908 §3.2: no extnID twice, which the dictionary holds.
    private void ReadExtensions(AsnReader reader, bool mayBeOpen)
    {
        var list = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.HasData && extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            Assert.True(extension.HasData || mayBeOpen, $"{oid} has no value");
            Extensions.Add(oid, (critical, extension.HasData ? extension.ReadOctetString() : null));
            extension.ThrowIfNotEmpty();
        }
    }

    private static (string Type, byte[] Value) ReadAttribute(AsnReader list)
    {
        var attribute = list.ReadSequence();
        var type = attribute.ReadObjectIdentifier();
        var values = attribute.ReadSetOf();
        attribute.ThrowIfNotEmpty();
        var value = values.ReadEncodedValue().ToArray();
        values.ThrowIfNotEmpty();
        return (type, value);
    }

    // RFC 9908 §3.4: a placeholder of the size for RSA, and nothing else has one.
    private static string ReadKey(AsnReader key)
    {
        var algorithm = key.ReadSequence();
        switch (algorithm.ReadObjectIdentifier())
        {
            case "1.2.840.113549.1.1.1":
                algorithm.ReadNull();
                var numbers = new AsnReader(key.ReadBitString(out _), AsnEncodingRules.DER).ReadSequence();
                return $"rsa:{numbers.ReadInteger().GetBitLength()}";
            case "1.2.840.10045.2.1":
                key.ThrowIfNotEmpty();
                return $"ec:{algorithm.ReadObjectIdentifier()}";
            default:
                key.ThrowIfNotEmpty();
                return "ed25519";
        }
    }
}
