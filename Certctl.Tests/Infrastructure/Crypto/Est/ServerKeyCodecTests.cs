using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Est.ServerKeys;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles.Expectations;
using Certctl.Infrastructure.Crypto.Est;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Est;

/// <summary>Keys that the server makes, as openssl and ASP.NET's reader of MIME see them: RFC 7030 §4.4.</summary>
public sealed class ServerKeyCodecTests : IDisposable
{
    private const string Aes256 = "2.16.840.1.101.3.4.1.42";
    private const string Aes128 = "2.16.840.1.101.3.4.1.2";
    private const string SmimeCapabilities = "1.2.840.113549.1.9.15";
    private const string DecryptKeyId = "1.2.840.113549.1.9.16.2.37";
    private const string AsymmetricDecryptKeyId = "1.2.840.113549.1.9.16.2.54";

    private static readonly KeyExpectation P256 = new(KeyAlgorithm.Ecdsa, 256);
    private static readonly LocalCaIssuer Issuer = TestCa.Issuer(TestCa.Root("rsa"));
    private static readonly byte[] Certificates = Der.Sequence(Der.Tlv(0x04, RandomNumberGenerator.GetBytes(700)));

    private readonly TemporaryFolder _folder = new();
    private readonly ServerKeyCodec _codec = new(new FakeTimeProvider(TestCa.Now));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KeyAlgorithm.Rsa, 2048, "RSA")]
    [InlineData(KeyAlgorithm.Ecdsa, 256, "id-ecPublicKey")]
    [InlineData(KeyAlgorithm.Ecdsa, 521, "id-ecPublicKey")]
    [Trait("Conformance", "E-K3")]
    [Trait("Conformance", "E-K4")]
    [Trait("Conformance", "E-K8")]
    public async Task A_key_comes_with_a_request_in_the_name_of_the_device(KeyAlgorithm algorithm, int bits, string word)
    {
        // Its signature is wrong, and its key is none that a profile takes: both mean nothing.
        using var weak = RSA.Create(1024);
        var asked = DeviceRequest(weak, ("1.2.840.113549.1.9.2", Der.Tlv(0x16, "unit"u8.ToArray())));
        asked[^1] ^= 1;
        var read = Assert.IsType<ServerKeyReading.Valid>(_codec.Read(asked));
        Assert.IsType<KeyProtection.None>(read.Protection);

        using var key = _codec.Make(new KeyExpectation(algorithm, bits), read.Csr);

        Assert.Equal((algorithm, bits), (key.Csr.PublicKey.Algorithm, key.Csr.PublicKey.Bits));
        Assert.Equal(read.Csr.Subject.Der.ToArray(), key.Csr.Subject.Der.ToArray());
        Assert.Equal(["DNS:device-1.example"], key.Csr.SubjectAltNames.Select(name => name.ToString()));
        Assert.Contains("1.2.840.113549.1.9.2", key.Csr.AttributeOids);
        File.WriteAllBytes(_folder["csr"], key.Csr.DerWithoutChallenge.ToArray());
        Assert.Contains("verify OK", OpenSsl.Run("req", "-inform", "DER", "-in", _folder["csr"], "-verify", "-noout"));

        var parts = await PartsAsync(key.Answer(Recipient(read.Protection), Certificates));
        Assert.Equal(["application/pkcs8", "application/pkcs7-mime; smime-type=certs-only"], parts.Select(part => part.Type));
        Assert.Equal(Certificates, parts[1].Content);
        File.WriteAllBytes(_folder["key"], parts[0].Content);
        Assert.Contains(word, OpenSsl.Run("asn1parse", "-inform", "DER", "-in", _folder["key"]), StringComparison.OrdinalIgnoreCase);
        OpenSsl.Run("pkey", "-inform", "DER", "-in", _folder["key"], "-pubout", "-outform", "DER", "-out", _folder["pub"]);
        Assert.Equal(key.Csr.PublicKey.Der.ToArray(), File.ReadAllBytes(_folder["pub"]));
    }

    [Theory]
    [InlineData("rsa", Aes256)]
    [InlineData("p-256", Aes128)]
    [InlineData("p-384", Aes256)]
    [Trait("Conformance", "E-K6")]
    [Trait("Conformance", "E-K7")]
    public async Task Openssl_opens_a_key_that_was_encrypted_to_the_client_certificate(string kind, string cipher)
    {
        var client = Client(kind, X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement);
        var id = client.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray();
        var read = ReadEncrypted(AsymmetricDecryptKeyId, id, "1.2.840.113549.3.7", cipher);
        using var key = _codec.Make(P256, read.Csr);

        var part = (await PartsAsync(key.Answer(Recipient(read.Protection, client.RawData), Certificates)))[0];

        Assert.Equal("application/pkcs7-mime; smime-type=server-generated-key", part.Type);
        File.WriteAllText(_folder["client"], client.ExportCertificatePem());
        File.WriteAllText(_folder["client.key"], TestCa.Key(kind).ExportPkcs8PrivateKeyPem());
        Opens(part.Content, key, cipher, "-recip", _folder["client"], "-inkey", _folder["client.key"]);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [Trait("Conformance", "E-K6")]
    public async Task Openssl_opens_a_key_that_was_encrypted_with_a_shared_one(int length)
    {
        var shared = RandomNumberGenerator.GetBytes(length);
        var read = ReadEncrypted(DecryptKeyId, "unit-7"u8.ToArray(), Aes128);
        using var key = _codec.Make(P256, read.Csr);
        var recipient = _codec.FindRecipient(
            read.Protection, new KeyHolder(default, new Dictionary<string, byte[]> { ["756e69742d37"] = shared }, Issuer), out _);

        var part = (await PartsAsync(key.Answer(recipient!, Certificates)))[0];

        Opens(part.Content, key, Aes128, "-secretkey", Convert.ToHexString(shared), "-secretkeyid", "756e69742d37");
    }

    [Fact]
    [Trait("Conformance", "E-K5")]
    [Trait("Conformance", "E-K7")]
    public void A_key_that_cannot_be_encrypted_as_asked_is_not_sent_at_all()
    {
        var client = Client("rsa", X509KeyUsageFlags.KeyEncipherment);
        var id = client.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray();
        Refuses(ReadEncrypted(AsymmetricDecryptKeyId, [1, 2, 3], Aes256), client, "is not that of the client certificate");
        Refuses(ReadEncrypted(AsymmetricDecryptKeyId, id, Aes256), null, "has no client certificate");
        Refuses(ReadEncrypted(DecryptKeyId, [1, 2, 3], Aes256), client, "shares no key 010203");
        Refuses(ReadEncrypted(AsymmetricDecryptKeyId, id), client, "has no smimeCapabilities");
        Refuses(ReadEncrypted(AsymmetricDecryptKeyId, id, "1.2.840.113549.3.7"), client, "no AES-CBC; it has 1.2.840.113549.3.7");
        Refuses(
            ReadEncrypted(AsymmetricDecryptKeyId, id, Aes256), Client("rsa", X509KeyUsageFlags.DigitalSignature), "lacks KeyEncipherment");
        Refuses(
            ReadEncrypted(AsymmetricDecryptKeyId, Identifier(Client("p-256", X509KeyUsageFlags.KeyEncipherment)), Aes256),
            Client("p-256", X509KeyUsageFlags.KeyEncipherment), "lacks KeyAgreement");
    }

    [Fact]
    public void Defective_wishes_for_encryption_are_no_request()
    {
        var octets = Der.Tlv(0x04, [1]);
        Invalid("both", (DecryptKeyId, octets), (AsymmetricDecryptKeyId, octets));
        Invalid("two of DecryptKeyIdentifier", (DecryptKeyId, octets), (DecryptKeyId, octets));
        Invalid("not one OCTET STRING", (DecryptKeyId, Der.Tlv(0x04)));
        Invalid("not one OCTET STRING", (AsymmetricDecryptKeyId, Der.Tlv(0x0C, [65])));
        Invalid("not one OCTET STRING", (DecryptKeyId, Der.Tlv(0x04, new byte[65])));
        Invalid("not one list", (SmimeCapabilities, octets));
        Invalid("not one list", (SmimeCapabilities, Der.Sequence(octets)));
        Assert.IsType<ServerKeyReading.Invalid>(_codec.Read("no request"u8.ToArray()));
    }

    [Fact]
    [Trait("Conformance", "E-K8")]
    public async Task Nothing_is_left_of_a_key_that_was_disposed_of()
    {
        var read = Assert.IsType<ServerKeyReading.Valid>(_codec.Read(DeviceRequest(TestCa.LeafPrivateKey())));
        var key = _codec.Make(P256, read.Csr);
        key.Dispose();

        var part = (await PartsAsync(key.Answer(Recipient(read.Protection), Certificates)))[0];

        Assert.NotEmpty(part.Content);
        Assert.All(part.Content, octet => Assert.Equal(0, octet));
    }

    [Theory]
    [InlineData("rsa", 2048, "RSA-2048")]
    [InlineData("rsa", 3072, "RSA-3072")]
    [InlineData("rsa", 1024, "RSA-2048")]
    [InlineData("rsa", 2056, "RSA-2048")]
    [InlineData("p-384", 0, "ECDSA-P384")]
    [InlineData("p-256", 0, "ECDSA-P256")]
    public void The_key_is_like_the_one_in_the_request_where_the_profile_takes_that(string kind, int bits, string expected)
    {
        var spki = bits == 0 ? ((ECDsa)TestCa.Key(kind)).ExportSubjectPublicKeyInfo() : RSA.Create(bits).ExportSubjectPublicKeyInfo();
        Assert.True(Certctl.Infrastructure.Crypto.X509.PublicKeyReader.TryRead(spki, out var wish, out _));
        var expectations = RequestExpectations.Of(Certctl.Tests.Domain.Profiles.Requests.Profile());

        Assert.Equal(expected, expectations.KeyLike(wish!)!.ToString());
    }

    private static byte[] Identifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray();

    private static X509Certificate2 Client(string kind, X509KeyUsageFlags usage)
    {
        var request = TestCa.Key(kind) is RSA rsa
            ? new CertificateRequest("CN=client", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=client", (ECDsa)TestCa.Key(kind), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(TestCa.Now.AddDays(-1), TestCa.Now.AddDays(30));
    }

    private static byte[] DeviceRequest(AsymmetricAlgorithm key, params (string Oid, byte[] Value)[] attributes)
    {
        var request = key is RSA rsa
            ? new CertificateRequest("CN=device-1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=device-1", (ECDsa)key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("device-1.example");
        request.CertificateExtensions.Add(names.Build());
        foreach (var (oid, value) in attributes)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(oid), value));
        return request.CreateSigningRequest();
    }

    private ServerKeyReading.Valid ReadEncrypted(string attribute, byte[] id, params string[] ciphers)
    {
        var capabilities = (SmimeCapabilities, Der.Sequence([.. ciphers.Select(cipher => Der.Sequence(Der.Oid(cipher)))]));
        return Assert.IsType<ServerKeyReading.Valid>(_codec.Read(ciphers.Length == 0
            ? DeviceRequest(TestCa.LeafPrivateKey(), (attribute, Der.Tlv(0x04, id)))
            : DeviceRequest(TestCa.LeafPrivateKey(), capabilities, (attribute, Der.Tlv(0x04, id)))));
    }

    private IKeyRecipient Recipient(KeyProtection protection, byte[]? certificate = null)
    {
        var recipient = _codec.FindRecipient(protection, Holder(certificate), out var defect);
        Assert.Null(defect);
        return recipient!;
    }

    private void Refuses(ServerKeyReading.Valid read, X509Certificate2? client, string words)
    {
        Assert.Null(_codec.FindRecipient(read.Protection, Holder(client?.RawData), out var defect));
        Assert.Contains(words, defect, StringComparison.Ordinal);
    }

    private static KeyHolder Holder(byte[]? certificate) => new(certificate, new Dictionary<string, byte[]>(), Issuer);

    private void Invalid(string words, params (string Oid, byte[] Value)[] attributes) => Assert.Contains(
        words, Assert.IsType<ServerKeyReading.Invalid>(_codec.Read(DeviceRequest(TestCa.LeafPrivateKey(), attributes))).Defect,
        StringComparison.Ordinal);

    // EnvelopedData, in it a SignedData of a key generation authority of the CA, in it the package with the one key.
    private void Opens(byte[] enveloped, IServerKey key, string cipher, params string[] secret)
    {
        File.WriteAllBytes(_folder["enveloped"], enveloped);
        OpenSsl.Run(["cms", "-decrypt", "-inform", "DER", "-binary", "-in", _folder["enveloped"], "-out", _folder["signed"], .. secret]);

        // RFC 5652 §6.1: the bare SignedData, version first; openssl verifies it in a ContentInfo.
        var signed = File.ReadAllBytes(_folder["signed"]);
        Assert.Equal(3, new AsnReader(signed, AsnEncodingRules.DER).ReadSequence().ReadInteger());
        File.WriteAllBytes(_folder["signed"], Der.Sequence(Der.Oid("1.2.840.113549.1.7.2"), Der.Tlv(0xA0, signed)));
        File.WriteAllText(_folder["ca"], PemEncoding.WriteString("CERTIFICATE", Issuer.Chain[0].Span));
        OpenSsl.Run(
            "cms", "-verify", "-inform", "DER", "-binary", "-in", _folder["signed"], "-CAfile", _folder["ca"], "-purpose", "any",
            "-attime", TestCa.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
            "-certsout", _folder["authority"], "-out", _folder["package"]);
        Assert.Contains(
            "Key Generation Authority", OpenSsl.Run("x509", "-in", _folder["authority"], "-noout", "-ext", "extendedKeyUsage"),
            StringComparison.Ordinal);
        var printed = OpenSsl.Run("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", _folder["enveloped"]);
        Assert.Contains("contentType: pkcs7-signedData", printed, StringComparison.Ordinal);
        Assert.Contains($"({cipher})", printed, StringComparison.Ordinal);

        var package = new AsnReader(File.ReadAllBytes(_folder["package"]), AsnEncodingRules.DER).ReadSequence();
        File.WriteAllBytes(_folder["key"], package.ReadEncodedValue().ToArray());
        package.ThrowIfNotEmpty();
        OpenSsl.Run("pkey", "-inform", "DER", "-in", _folder["key"], "-pubout", "-outform", "DER", "-out", _folder["pub"]);
        Assert.Equal(key.Csr.PublicKey.Der.ToArray(), File.ReadAllBytes(_folder["pub"]));
    }

    private static async Task<List<(string Type, byte[] Content)>> PartsAsync(MultipartAnswer answer)
    {
        Assert.StartsWith("multipart/mixed; boundary=", answer.ContentType, StringComparison.Ordinal);
        Assert.All(
            System.Text.Encoding.ASCII.GetString(answer.Body).Split("\r\n"),
            line => Assert.True(line.Length <= 76 && !line.Contains('\n', StringComparison.Ordinal)));
        var reader = new MultipartReader(answer.ContentType.Split('=')[1], new MemoryStream(answer.Body));
        var parts = new List<(string, byte[])>();
        while (await reader.ReadNextSectionAsync() is { } section)
        {
            Assert.Equal("base64", section.Headers!["Content-Transfer-Encoding"].Single());
            using var text = new StreamReader(section.Body);
            parts.Add((section.ContentType!, Convert.FromBase64String(await text.ReadToEndAsync())));
        }

        Assert.Equal(2, parts.Count);
        return parts;
    }
}
