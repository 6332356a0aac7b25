using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Scep;
using Certctl.Tests.Hostile.Fuzz.Targets;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.Scep.Codec;
using Certctl.Tests.Infrastructure.ScepClient;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Hostile.Fuzz;

/// <summary>What good peers send, in many of the shapes that are met: where the mutator starts.</summary>
internal static class Seeds
{
    public static readonly IReadOnlyList<byte[]> QueryWords = Words(
        "operation=", "PKIOperation", "GetCACert", "message=", "&", "=", "?", "%", "%2B", "%2F", "%3D", "%252B", "%0D%0A", "+", "/", "-",
        "_", " ", "\n", "é", "%C3%A9", "%FF", "%u0041", "AAAA");

    public static readonly IReadOnlyList<byte[]> PublicationWords = Words(
        "/.well-known/pki/", "ocsp/", "crl/", "ca/", "iss-local", ".crl", "http://", "//", "..", "/", "?", "%", "%2F", "%2f", "%2B", "%3D",
        "%252F", "%00", "+", "-", "_", "=", "==", ":", "0x", "MAA=", "M", "%C3%A9", "%FF", "é");

    public static readonly IReadOnlyList<byte[]> CapabilityWords = Words(
        "SCEPStandard", "AES", "DES3", "DES", "MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "POSTPKIOperation", "Renewal",
        "GetNextCACert", "\n", "\r\n", "\t", " ");

    public static readonly IReadOnlyList<byte[]> ChallengeWords = Words(
        ".", "=", "-", "_", "eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJub25lIn0", "AAAA", "A", " ", "\n", "é");

    public static readonly IReadOnlyList<byte[]> ClaimWords = Words(
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "\\", "0", "-1", "1e9", "9223372036854775807", "253370764799", "true",
        "null", "\"version\":\"v1\",", "\"iss\":\"i\",", "\"sub\":", "\"nonce\":",
        "\"iat\":", "\"exp\":", "\"aud\":", "\"device_name\":", "\"san_dns\":[\"a\"],", "\"san_upn\":", "\"san_uri\":", "\"san_rfc822\":");

    public static IEnumerable<byte[]> SignedClaims() =>
    [
        .. new[]
        {
            """
            {"version":"v1","iss":"https://connector.example","sub":"device-guid","nonce":"n-1","iat":1764158400,"exp":1764160200,
            "aud":"https://here","device_name":"device-1","san_dns":["a.example","b.example"],"san_rfc822":["a@b.example"],
            "san_upn":["u@b.example"],"san_uri":["tag:microsoft.com,2022-09-14:sid:S-1-5-21-1"]}
            """.ReplaceLineEndings(""),
            """{"iss":"i","sub":"s","nonce":"n","iat":1,"exp":2}""",
            """ { "sub" : "\u00e4" , "x" : { "y" : [ 1 , 2.5 , null , true ] } } """,
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static IEnumerable<byte[]> SignedChallenges() =>
        SignedClaims().Select(claims => Encoding.ASCII.GetBytes(ChallengeTargets.Wrap(claims)));

    public static IEnumerable<byte[]> Ber() =>
        [.. Names(), .. GeneralNames(), .. PublicKeys(), .. Certificates(), .. Requests(), .. Messages()
            .SelectMany<byte[], byte[]>(m => [m, AsBer(m)])];

    public static IEnumerable<byte[]> Names() =>
    [
        ScepTestKeys.Ca.SubjectName.RawData,
        new X500DistinguishedName("CN=device-1,OU=Field,O=Certctl,L=Bern,ST=BE,C=CH,DC=example,DC=org,E=someone@example.org").RawData,
        // The string types, an RDN of two attributes, a value that is no string.
        Sequence(
            Rdn("2.5.4.3", Text(0x0C, "Gerät")),
            Rdn("2.5.4.10", Text(0x1E, "Größe")),
            Rdn("2.5.4.11", Text(0x14, "Teletex")),
            Rdn("2.5.4.7", Text(0x1C, "Ort")),
            Rdn("2.5.4.5", Text(0x12, "42 43")),
            Rdn("0.9.2342.19200300.100.1.25", Text(0x16, "example")),
            Rdn("2.5.4.6", Text(0x13, "CH"))),
        Sequence(Set(
            Sequence(Oid("2.5.4.3"), Text(0x13, "a_b")),
            Sequence(Oid("2.5.4.5"), Text(0x1A, "7")),
            Sequence(Oid("2.5.4.45"), Tlv(0x03, [0, 1, 2])))),
        Sequence(),
    ];

    public static IEnumerable<byte[]> GeneralNames()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("device-1.example.org");
        names.AddIpAddress(IPAddress.Parse("192.0.2.7"));
        names.AddIpAddress(IPAddress.Parse("2001:db8::7"));
        names.AddEmailAddress("device@example.org");
        names.AddUri(new Uri("urn:uuid:00000000-0000-0000-0000-000000000001"));
        names.AddUserPrincipalName("device@example.org");
        yield return names.Build().RawData;
        yield return Sequence(
            Tlv(0xA4, ScepTestKeys.Ca.SubjectName.RawData),
            Tlv(0x88, [0x2A, 0x03]),
            Tlv(0xA3, Sequence()),
            Tlv(0xA5, Tlv(0xA1, Text(0x0C, "party"))),
            Tlv(0xA0, Oid("1.3.6.1.4.1.311.25.1"), Tlv(0xA0, Tlv(0x04, new byte[16]))));
    }

    public static IEnumerable<byte[]> PublicKeys()
    {
        yield return ScepTestKeys.Device.ExportSubjectPublicKeyInfo();
        foreach (var curve in new[] { ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521 })
        {
            using var key = ECDsa.Create(curve);
            yield return key.ExportSubjectPublicKeyInfo();
        }

        yield return Sequence(Sequence(Oid("1.3.101.112")), Tlv(0x03, [0, .. new byte[32]]));
    }

    public static IEnumerable<byte[]> Certificates() =>
        [ScepTestKeys.Ca.RawData, ScepTestKeys.Leaf.RawData, ScepTestKeys.DeviceSelfSigned.RawData, EcSigner().RawData, FakePki.Ra.RawData];

    /// <summary>The CA of a trust bundle, and one of its devices.</summary>
    public static X509Certificate2 BundleRoot => LazyBundle.Value.Root;

    public static IEnumerable<byte[]> ClientCertificates() =>
        [LazyBundle.Value.Device.RawData, ScepTestKeys.Leaf.RawData, BundleRoot.RawData, FakePki.Ra.RawData];

    /// <summary>Of the device's RSA key, so that what it signs can be verified.</summary>
    public static IEnumerable<byte[]> SignerCertificates() => [ScepTestKeys.DeviceSelfSigned.RawData, ScepTestKeys.Leaf.RawData];

    public static IEnumerable<byte[]> Requests()
    {
        yield return ScepTestKeys.Csr;
        yield return AsBer(ScepTestKeys.Csr);
        var rich = new CertificateRequest("CN=device-1,O=Certctl", ScepTestKeys.Device, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        rich.OtherRequestAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.7"), Text(0x0C, "a challenge")));
        rich.CertificateExtensions.Add(new X509Extension("2.5.29.17", GeneralNames().First(), critical: false));
        rich.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        rich.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        rich.CertificateExtensions.Add(new X509Extension("1.3.6.1.5.5.7.1.24", Sequence(Tlv(0x02, [5]), Tlv(0x02, [17])), critical: false));
        yield return rich.CreateSigningRequest();
        yield return new CertificateRequest("CN=ec", ScepTestKeys.EcDevice, HashAlgorithmName.SHA384).CreateSigningRequest();
    }

    /// <summary>The signedAttrs as they stand in a SignerInfo.</summary>
    public static IEnumerable<byte[]> Attributes() => AttributeLists().Select(list => Tlv(0xA0, list));

    public static IEnumerable<byte[]> AttributeLists() =>
    [
        List(ForgedRequest.Printable("19"), ForgedRequest.Printable("TX-1")),
        List(ForgedRequest.Printable("17"), Text(0x0C, new string('ü', 100))),
        List(ForgedRequest.Printable("20"), Text(0x16, "with_underscore")),
        List(Text(0x16, "22"), Text(0x14, "teletex")),
        List(ForgedRequest.Printable("21"), Text(0x1E, "wide")),
    ];

    public static IEnumerable<byte[]> Envelopes() =>
    [
        new ForgedRequest().Envelope(),
        AsBer(new ForgedRequest { ChunkedCiphertext = true }.Envelope()),
        new ForgedRequest
        {
            CipherOid = "1.2.840.113549.3.7",
            Iv = RandomNumberGenerator.GetBytes(8),
            ContentKey = RandomNumberGenerator.GetBytes(24),
        }.Envelope(),
        new ForgedRequest { CipherOid = "2.16.840.1.101.3.4.1.42", ContentKey = RandomNumberGenerator.GetBytes(32) }.Envelope(),
        new ForgedRequest
        {
            RecipientInfos = [new ForgedRequest { Recipient = ScepTestKeys.Ca }.RecipientInfo(), .. OneKey.Recipients] ,
            ContentKey = OneKey.Key,
        }.Envelope(),
        new ForgedRequest
        {
            KeyTransport = Oaep(),
            EncryptedKey = ScepTestKeys.RaPrivateKey.Encrypt(OneKey.Key, RSAEncryptionPadding.OaepSHA256),
            ContentKey = OneKey.Key,
        }.Envelope(),
        CmsScepCodecPasswordTests.Enveloped(iterations: 1000),
        CmsScepCodecPasswordTests.Enveloped(iterations: 1000, digest: "SHA512", keyLength: 16),
        .. AgreedEnvelopes(),
    ];

    /// <summary>What an EC key is sent.</summary>
    public static IEnumerable<byte[]> AgreedEnvelopes()
    {
        var codec = ScepTestKeys.Codec();
        var head = ((ScepDecoding.PkiMessage)codec.Decode(Messages().ElementAt(EcMessage))).Head;
        var envelope = CmsScepCodecEcTests.EnvelopeOf(codec.EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));
        return [envelope, AsBer(envelope)];
    }

    public static IEnumerable<byte[]> ClearRequests() =>
        [
            .. ClearRequest.Forms.Select(form => ClearRequest.In(form, ScepTestKeys.Csr, new ForgedRequest())),
            AsBer(ScepTestKeys.Csr),
            .. Messages(),
        ];

    private const int EcMessage = 6;

    public static IEnumerable<byte[]> Messages() =>
    [
        new ForgedRequest().Build(),
        AsBer(new ForgedRequest { ChunkedCiphertext = true }.Build()),
        new ForgedRequest { Digest = HashAlgorithmName.SHA1, DigestOid = "1.3.14.3.2.26", TransmitUnsorted = true, SignUnsorted = true }
            .Build(),
        new ForgedRequest { Digest = HashAlgorithmName.SHA512, DigestOid = "2.16.840.1.101.3.4.2.3" }.Build(),
        new ForgedRequest { SignerCertificate = ScepTestKeys.Leaf, Certificates = [ScepTestKeys.Ca.RawData, ScepTestKeys.Leaf.RawData] }
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("17")).Build(),
        new ForgedRequest
        {
            SignerIdentifier = Tlv(0x80, ScepTestKeys.DeviceSelfSigned.Extensions.OfType<X509SubjectKeyIdentifierExtension>()
                .Single().SubjectKeyIdentifierBytes.ToArray()),
        }.Build(),
        new ForgedRequest
        {
            SignerKey = ScepTestKeys.EcDevice,
            SignerCertificate = EcSigner(),
            Certificates = [EcSigner().RawData],
            SignatureOid = "1.2.840.10045.4.3.2",
        }.Build(),
        new ForgedRequest { UnsignedAttributes = ForgedRequest.Attribute("1.2.3", ForgedRequest.Printable("x")) }
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20")).Build(),
    ];

    public static IEnumerable<byte[]> Queries()
    {
        var text = Convert.ToBase64String(ScepTestKeys.Csr);
        return Words(
            "?operation=GetCACaps",
            "?operation=GetCACert&message=ca",
            "?operation=PKIOperation&message=" + Uri.EscapeDataString(text),
            "?operation=PKIOperation&message=" + text,
            "?message=" + text.Replace('+', ' ').TrimEnd('='),
            "?operation=PKIOperation&message=" + Uri.EscapeDataString(Uri.EscapeDataString(text)),
            "?OPERATION=pki%4Fperation&MESSAGE=MAA%0A");
    }

    public static IEnumerable<byte[]> PublicationTargets()
    {
        const string Path = "/.well-known/pki/ocsp/iss-local/";
        var text = Convert.ToBase64String([0x30, 0x0C, 0x30, 0x0A, 0x04, 0x08, 0xFB, 0xEF, 0xBE, 0xFF, 0xFF, 0xFF, 0x3E, 0x3F]);
        return Words(
            "/.well-known/pki/crl/iss-local.crl",
            Path + Uri.EscapeDataString(text),
            "http://localhost" + Path + "/" + text,
            Path + text.Replace('+', '-').Replace('/', '_').TrimEnd('='),
            Path + Uri.EscapeDataString(Uri.EscapeDataString(text)) + "?query",
            Path + "0x00AbCdEf/",
            Path + "01%3A23:45");
    }

    public static IEnumerable<byte[]> Capabilities() =>
        Words("POSTPKIOperation\nSHA-256\nSHA-512\nAES\nSCEPStandard\nRenewal\n", "DES3\r\nSHA-1\r\n", "<html>no</html>", "");

    /// <summary>Behind an octet that says which of the two content types.</summary>
    public static IEnumerable<byte[]> CaCertificates() =>
        [[0, .. FakePki.Ca.RawData], [1, .. ClientTargets.Bag()], [1, .. AsBer(ClientTargets.Bag())], [0, .. EcSigner().RawData]];

    public static IEnumerable<byte[]> Bags() => [ClientTargets.Bag(), AsBer(ClientTargets.Bag())];

    public static IEnumerable<byte[]> IssuersAndSerials() =>
        [
            ForgedRequest.IssuerAndSerial(ScepTestKeys.Leaf),
            AsBer(ForgedRequest.IssuerAndSerial(ScepTestKeys.Ca)),
            .. Names().Select(name => Sequence(name, Tlv(0x02, [7]))),
        ];

    public static IEnumerable<byte[]> CertReps()
    {
        yield return new FakeCertRep(Asked, Defect.None).Pending();
        foreach (var defect in new[]
        {
            Defect.None, Defect.Failure, Defect.FailureWithoutContent, Defect.SuccessWithoutContent, Defect.NoSignerCertificate,
            Defect.TwoSigners,
        })
            yield return new FakeCertRep(Asked, defect).Final();
        yield return AsBer(new FakeCertRep(Asked, Defect.None).Final());
    }

    /// <summary>What a CertRep carries, for the device's own key.</summary>
    public static IEnumerable<byte[]> CertRepEnvelopes()
    {
        var envelope = new ForgedRequest { Plaintext = ClientTargets.Bag(), Recipient = ClientTargets.Device }.Envelope();
        return [
            envelope,
            AsBer(envelope),
            new ForgedRequest { Plaintext = AsBer(ClientTargets.Bag()), Recipient = ClientTargets.Device, ChunkedCiphertext = true }
                .Envelope(),
        ];
    }

    private static SeenRequest Asked => new(
        "POST", "19", ClientTargets.TransactionId, ClientTargets.Nonce, ScepTestKeys.MakeCsr("CN=device", FakePki.DeviceKey),
        ClientTargets.Device, ForgedRequest.Sha256Oid, ForgedRequest.Aes128Oid);

    /// <summary>The same with indefinite lengths; what has them already stays as it is.</summary>
    private static byte[] AsBer(byte[] der)
    {
        if (!DerTree.TryParse(der, out var tree))
            return der;
        foreach (var node in tree.All().Where(node => node.IsConstructed))
            node.Length = DerLength.Indefinite;
        return tree.Encode();
    }

    private static byte[] List(byte[] messageType, byte[] transactionId) => SignedMessage.Attributes(
        [],
        ForgedRequest.Attribute(ForgedRequest.MessageTypeOid, messageType),
        ForgedRequest.Attribute(ForgedRequest.TransactionIdOid, transactionId),
        ForgedRequest.Attribute(ForgedRequest.SenderNonceOid, ForgedRequest.Octets(ForgedRequest.Nonce)));

    private static byte[] Oaep() => Sequence(
        Oid(ForgedRequest.OaepOid),
        Sequence(
            Tlv(0xA0, Sequence(Oid(ForgedRequest.Sha256Oid))),
            Tlv(0xA1, Sequence(Oid("1.2.840.113549.1.1.8"), Sequence(Oid(ForgedRequest.Sha256Oid))))));

    private static readonly Lazy<(X509Certificate2 Root, X509Certificate2 Device)> LazyBundle = new(() =>
    {
        var root = FakePki.Make("CN=maker", FakePki.RaKey, null, FakePki.RaKey, X509KeyUsageFlags.KeyCertSign, isCa: true);
        return (root, FakePki.Make("CN=made", FakePki.DeviceKey, root, FakePki.RaKey, X509KeyUsageFlags.DigitalSignature));
    });

    public static X509Certificate2 EcSigner() => LazyEcSigner.Value;

    private static readonly Lazy<X509Certificate2> LazyEcSigner = new(() => ScepTestKeys.SelfSigned("CN=ec-device", ScepTestKeys.EcDevice));

    private static byte[][] Words(params string[] words) => [.. words.Select(Encoding.Latin1.GetBytes)];

    private static class OneKey
    {
        public static readonly byte[] Key = RandomNumberGenerator.GetBytes(16);

        public static readonly List<byte[]> Recipients = [new ForgedRequest { ContentKey = Key }.RecipientInfo()];
    }
}
