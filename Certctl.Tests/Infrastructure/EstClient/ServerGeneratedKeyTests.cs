using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.EstClient;

/// <summary>A private key of the server, in the clear and as openssl signs and encrypts it.</summary>
public sealed class ServerGeneratedKeyTests : IDisposable
{
    private const string KeyType = "application/pkcs8";
    private const string EnvelopeType = "application/pkcs7-mime; smime-type=server-generated-key";
    private const string CertificateType = "application/pkcs7-mime; smime-type=certs-only";

    // id-data and id-signedData, as a type of encrypted content: openssl encrypts data alone.
    private static readonly byte[] Data = Convert.FromHexString("06092A864886F70D010701");
    private static readonly byte[] SignedData = Convert.FromHexString("06092A864886F70D010702");

    private readonly TemporaryFolder _folder = new();
    private readonly RSA _made = RSA.Create(2048);
    private readonly X509Certificate2 _certificate;
    private readonly EstCaTrust _trust = EstCaTrust.Judge([FakePki.Ca], null, FakePki.Now);

    public ServerGeneratedKeyTests() =>
        _certificate = FakePki.Make("CN=device", _made, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature);

    public void Dispose()
    {
        _folder.Dispose();
        _made.Dispose();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_key_in_the_clear_is_read_in_either_order_of_the_parts(bool certificateFirst)
    {
        var parts = new[] { Part(KeyType, _made.ExportPkcs8PrivateKey()), Part(CertificateType, FakeEstServer.CertsOnly(_certificate)) };

        var (key, certificates) = Read(Body(certificateFirst ? parts.Reverse() : parts), recipient: null);

        Assert.Equal(_made.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
        Assert.Single(certificates);
    }

    [Theory]
    [InlineData("rsa", false)]
    [InlineData("rsa", true)]
    [InlineData("ec", false)]
    public void An_enveloped_key_of_openssl_is_opened_by_the_client_certificate_it_was_encrypted_to(string kind, bool inContentInfo)
    {
        using var recipient = Recipient(kind);
        var envelope = Envelope(kind, FakePki.Ca, FakePki.CaKey, inContentInfo, out _);

        var (key, _) = Read(Answer(EnvelopeType, envelope), recipient);

        Assert.Equal(_made.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo());
    }

    [Theory]
    [InlineData("clear although encrypted was asked for", "came in the clear")]
    [InlineData("encrypted although not asked for", "came encrypted")]
    [InlineData("signed by a stranger", "does not vouch for")]
    [InlineData("to another recipient", "cannot be read")]
    [InlineData("broken", "cannot be read")]
    [InlineData("two keys", "2 private keys")]
    [InlineData("no certificate", "1 parts")]
    [InlineData("trailing octets", "octets follow the private key")]
    [InlineData("no PKCS#8", "cannot be read")]
    public void A_key_that_is_not_as_it_was_asked_for_is_refused(string what, string why)
    {
        using var recipient = Recipient("rsa");
        var pkcs8 = _made.ExportPkcs8PrivateKey();
        var (answer, to) = what switch
        {
            "clear although encrypted was asked for" => (Answer(KeyType, pkcs8), recipient),
            "encrypted although not asked for" => (Answer(EnvelopeType, [1]), null),
            "signed by a stranger" => (Answer(EnvelopeType, Envelope("rsa", FakePki.Stranger, FakePki.StrangerKey, false, out _)),
                recipient),
            "to another recipient" => (Answer(EnvelopeType, Envelope("ec", FakePki.Ca, FakePki.CaKey, false, out _)), recipient),
            "broken" => (Answer(EnvelopeType, Broken(Envelope("rsa", FakePki.Ca, FakePki.CaKey, false, out _))), recipient),
            "two keys" => (Body([Part(KeyType, pkcs8), Part(KeyType, pkcs8)]), null),
            "no certificate" => (Body([Part(KeyType, pkcs8)]), (EstIdentity?)null),
            "trailing octets" => (Answer(KeyType, [.. pkcs8, 0]), null),
            _ => (Answer(KeyType, [0x30, 0x00]), null),
        };

        var refusal = Assert.Throws<EstClientException>(() => Read(answer, to));

        Assert.Equal(EstFault.Untrusted, refusal.Fault);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    private (AsymmetricAlgorithm Key, IReadOnlyList<X509Certificate2> Certificates) Read(EstAnswer answer, EstIdentity? recipient) =>
        new ServerGeneratedKey(_trust, TimeProvider.System).Read(answer, recipient);

    private EstIdentity Recipient(string kind)
    {
        using AsymmetricAlgorithm key = kind == "rsa" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = FakePki.Make(
            new X500DistinguishedName("CN=recipient"), PublicKey.CreateFromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo(), out _),
            FakePki.Ca.SubjectName, FakePki.CaKey, null);
        File.WriteAllText(_folder[kind + ".crt"], certificate.ExportCertificatePem());
        return EstIdentity.From([certificate], key, "recipient.crt");
    }

    // RFC 7030 §4.4.2: AsymmetricKeyPackage in SignedData in EnvelopedData.
    private byte[] Envelope(string kind, X509Certificate2 signer, RSA signerKey, bool inContentInfo, out byte[] signed)
    {
        if (!File.Exists(_folder[kind + ".crt"]))
            Recipient(kind).Dispose();
        File.WriteAllText(_folder["signer.crt"], signer.ExportCertificatePem());
        File.WriteAllText(_folder["signer.key"], signerKey.ExportPkcs8PrivateKeyPem());
        var package = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (package.PushSequence())
            package.WriteEncodedValue(_made.ExportPkcs8PrivateKey());
        File.WriteAllBytes(_folder["package"], package.Encode());
        OpenSsl.Run("cms", "-sign", "-binary", "-nodetach", "-econtent_type", "2.16.840.1.101.2.1.2.78.5", "-in", _folder["package"],
            "-signer", _folder["signer.crt"], "-inkey", _folder["signer.key"], "-outform", "DER", "-out", _folder["signed"]);
        signed = File.ReadAllBytes(_folder["signed"]);
        if (!inContentInfo)
            File.WriteAllBytes(_folder["signed"], Inner(signed));
        OpenSsl.Run([
            "cms", "-encrypt", "-binary", "-aes256", "-in", _folder["signed"], "-outform", "DER", "-out", _folder["envelope"],
            "-recip", _folder[kind + ".crt"], .. (kind == "ec" ? new[] { "-keyopt", "ecdh_kdf_md:sha256" } : []),
        ]);
        var envelope = File.ReadAllBytes(_folder["envelope"]);
        SignedData.CopyTo(envelope, envelope.AsSpan().IndexOf(Data));
        return envelope;
    }

    // ContentInfo { contentType, [0] content }.
    private static byte[] Inner(byte[] contentInfo)
    {
        var outer = new System.Formats.Asn1.AsnReader(contentInfo, System.Formats.Asn1.AsnEncodingRules.BER).ReadSequence();
        outer.ReadObjectIdentifier();
        return outer.ReadSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific,
            0)).ReadEncodedValue().ToArray();
    }

    private static byte[] Broken(byte[] envelope)
    {
        envelope[^20] ^= 1;
        return envelope;
    }

    private EstAnswer Answer(string type, byte[] key) =>
        Body([Part(type, key), Part(CertificateType, FakeEstServer.CertsOnly(_certificate))]);

    private static string Part(string type, byte[] der) =>
        $"--limit\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\r\n";

    private static EstAnswer Body(IEnumerable<string> parts) => new()
    {
        Status = 200,
        Type = MediaTypeHeaderValue.Parse("multipart/mixed; boundary=limit"),
        Body = Encoding.ASCII.GetBytes(string.Concat(parts) + "--limit--\r\n"),
    };
}
