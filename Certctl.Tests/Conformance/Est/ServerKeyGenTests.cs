using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Domain.Audit;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>
/// serverkeygen (RFC 7030 §4.4) from outside: curl asks, Python's email package reads the multipart, openssl the parts.
/// </summary>
[Collection(nameof(EstKeyCollection))]
public sealed class ServerKeyGenTests(ServerKeyServer server) : IDisposable
{
    private const string SmimeCapabilities = "1.2.840.113549.1.9.15";
    private const string DecryptKeyId = "1.2.840.113549.1.9.16.2.37";
    private const string AsymmetricDecryptKeyId = "1.2.840.113549.1.9.16.2.54";

    private const string SplitParts =
        """
        import email, sys
        head, body, first, second = sys.argv[1:5]
        kind = next(l for l in open(head).read().split("\n") if l.lower().startswith("content-type:")).strip()
        message = email.message_from_bytes(kind.encode() + b"\r\n\r\n" + open(body, "rb").read())
        assert message.get_content_type() == "multipart/mixed" and not message.defects, message.defects
        parts = message.get_payload()
        assert len(parts) == 2
        for part, path in zip(parts, (first, second)):
            assert not part.defects, part.defects
            open(path, "wb").write(part.get_payload(decode=True))
            print(part["Content-Type"])
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rsa:2048", "Private-Key: (2048 bit")]
    [InlineData("ec:P-384", "P-384")]
    [Trait("Conformance", "E-K3")]
    [Trait("Conformance", "E-K4")]
    [Trait("Conformance", "E-K8")]
    public async Task Curl_gets_a_key_and_the_certificate_for_it(string kind, string words)
    {
        // The signature of the request is broken: it means nothing here.
        var csr = Request(kind, "CN=made-" + kind[..2]);
        csr[^1] ^= 1;
        var before = (await server.EventsAsync()).Count;

        var first = Ask("keys", csr);
        Assert.Equal(["application/pkcs8", "application/pkcs7-mime; smime-type=certs-only"], first.Types);
        OpenSsl.Run("pkey", "-inform", "DER", "-in", _folder["key"], "-out", _folder["key.pem"]);
        Assert.Contains(words, OpenSsl.Run("pkey", "-in", _folder["key.pem"], "-noout", "-text"), StringComparison.Ordinal);
        var certificate = Certificate();
        Assert.Equal(
            OpenSsl.Run("pkey", "-in", _folder["key.pem"], "-pubout"), OpenSsl.Run("x509", "-in", certificate, "-noout", "-pubkey"));
        Assert.Contains("OK", OpenSsl.Run("verify", "-CAfile", server.Host.CaFile, certificate), StringComparison.Ordinal);
        Assert.Contains("CN = made-" + kind[..2], OpenSsl.Run("x509", "-in", certificate, "-noout", "-subject"), StringComparison.Ordinal);

        // The same request is a new key and a new certificate: the first key is not here any more.
        var second = Ask("keys", csr);
        Assert.NotEqual(first.Key, second.Key);

        var events = (await server.EventsAsync())[before..];
        Assert.All(events, e => Assert.Equal((AuditOutcome.Issued, "keys"), (e.Outcome, e.PathId)));
        Assert.Equal(2, events.Select(e => e.SerialNumber).Distinct().Count());
        Assert.DoesNotContain(Convert.ToBase64String(first.Key)[..40], server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "E-K6")]
    [Trait("Conformance", "E-K7")]
    public async Task Openssl_opens_a_key_that_is_encrypted_as_the_request_asks()
    {
        // To the certificate of the connection, by its subjectKeyIdentifier as RFC 5280 §4.2.1.2 makes it.
        using var client = server.Maker.Issue("CN=encrypts");
        File.WriteAllText(_folder["client"], client.ExportCertificatePem());
        File.WriteAllText(_folder["client.key"], client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var id = SHA1.HashData(client.PublicKey.EncodedKeyValue.RawData);
        var csr = Request("ec:P-256", "CN=encrypts", (AsymmetricDecryptKeyId, Der.Tlv(0x04, id)), Capabilities);
        Assert.Equal(
            "application/pkcs7-mime; smime-type=server-generated-key",
            Ask("keys", csr, "--cert", _folder["client"], "--key", _folder["client.key"]).Types[0]);
        Opens("-recip", _folder["client"], "-inkey", _folder["client.key"]);

        // With a key that both have.
        var shared = Der.Tlv(0x04, Convert.FromHexString(ServerKeyServer.SharedKeyId));
        csr = Request("ec:P-256", "CN=encrypts", (DecryptKeyId, shared), Capabilities);
        Ask("keys", csr);
        Opens("-secretkey", ServerKeyServer.SharedKey, "-secretkeyid", ServerKeyServer.SharedKeyId);

        // The audit trail knows by which certificate both were signed.
        var certified = Assert.Single(await server.EventsAsync(AuditAction.KeyGenerationCertified));
        Assert.Equal(("iss-local", AuditOutcome.Done), (certified.ResourceId, certified.Outcome));
        var serial = OpenSsl.Run("x509", "-in", _folder["signer"], "-noout", "-serial").Trim().Split('=')[1];
        Assert.Equal(serial.ToLowerInvariant().PadLeft(40, '0'), certified.SerialNumber);
        Assert.Contains(certified.SerialNumber!, server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "E-K1")]
    [Trait("Conformance", "E-K2")]
    [Trait("Conformance", "E-K5")]
    public async Task Where_no_key_is_made_the_device_is_told_why()
    {
        var csr = Request("ec:P-256", "CN=refused");
        Refused("plain", csr, "404", "does not serve");
        Refused("keys", csr, "401", "password", authenticate: false);
        Refused("keys", "no request"u8.ToArray(), "400", "could not be read");
        Refused(
            "keys", Request("ec:P-256", "CN=refused", (DecryptKeyId, Der.Tlv(0x04, [1])), Capabilities), "400", "cannot be encrypted");
        Refused(
            "keys", Request("ec:P-256", "CN=refused", (AsymmetricDecryptKeyId, Der.Tlv(0x04, [1])), Capabilities), "400",
            "cannot be encrypted");
        var shared = Der.Tlv(0x04, Convert.FromHexString(ServerKeyServer.SharedKeyId));
        Refused("keys", Request("ec:P-256", "CN=refused", (DecryptKeyId, shared)), "400", "cannot be encrypted");

        var reasons = (await server.EventsAsync()).Where(e => e.Outcome == AuditOutcome.Refused).Select(e => e.Reason).ToHashSet();
        Assert.Superset(
            new HashSet<string?> { "server_key_protection", "raw_csr_unreadable", "credentials_missing" }, reasons);
    }

    [Fact]
    public async Task Many_at_once_take_turns()
    {
        using var http = server.Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            using var body = new ByteArrayContent(Request("ec:P-256", $"CN=queue-{i}"));
            body.Headers.ContentType = new("application/pkcs10");
            using var answer = await http.PostAsync(new Uri(server.Host.Url, "/.well-known/est/keys/serverkeygen"), body);
            return (int)answer.StatusCode;
        }));

        Assert.All(answers, status => Assert.Equal(200, status));
    }

    private static (string, byte[]) Capabilities => (
        SmimeCapabilities, Der.Sequence(Der.Sequence(Der.Oid("1.2.840.113549.3.7")), Der.Sequence(Der.Oid("2.16.840.1.101.3.4.1.42"))));

    private static byte[] Request(string kind, string subject, params (string Oid, byte[] Value)[] attributes)
    {
        using var rsa = kind.StartsWith("rsa", StringComparison.Ordinal) ? RSA.Create(2048) : null;
        using var ec = ECDsa.Create(kind == "ec:P-384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        var request = rsa is null
            ? new CertificateRequest(subject, ec, HashAlgorithmName.SHA256)
            : new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        foreach (var (oid, value) in attributes)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(oid), value));
        return request.CreateSigningRequest();
    }

    private (string[] Types, byte[] Key) Ask(string label, byte[] csr, params string[] more)
    {
        var (status, headers, body) = Post(label, csr, more.Length == 0 ? ["--user", $"device:{ServerKeyServer.Password}"] : more);
        Assert.True(status == "200", $"{status} {Encoding.ASCII.GetString(body)}");
        Assert.Contains($"Content-Length: {body.Length}\r\n", headers, StringComparison.OrdinalIgnoreCase);
        File.WriteAllText(_folder["split.py"], SplitParts);
        var run = ExternalTool.Run(
            "/usr/bin/python3", _folder["split.py"], _folder["headers"], _folder["body"], _folder["key"], _folder["bag"]).MustSucceed();
        return (run.Output.Trim().Split('\n'), File.ReadAllBytes(_folder["key"]));
    }

    private (string Status, string Headers, byte[] Body) Post(string label, byte[] csr, params string[] more)
    {
        File.WriteAllText(_folder["csr"], Convert.ToBase64String(csr, Base64FormattingOptions.InsertLineBreaks) + "\n");
        return server.Curl(
            $"est/{label}/serverkeygen", _folder,
            ["--http1.1", "--header", "Content-Type: application/pkcs10", "--data-binary", "@" + _folder["csr"], .. more]);
    }

    private void Refused(string label, byte[] csr, string status, string words, bool authenticate = true)
    {
        var answer = Post(label, csr, authenticate ? ["--user", $"device:{ServerKeyServer.Password}"] : []);
        Assert.Equal((status, true), (answer.Status, answer.Headers.Contains("text/plain", StringComparison.Ordinal)));
        Assert.Contains(words, Encoding.ASCII.GetString(answer.Body), StringComparison.Ordinal);
    }

    private string Certificate()
    {
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", _folder["bag"], "-print_certs", "-out", _folder["crt"]);
        Assert.Single(File.ReadAllText(_folder["crt"]).Split("BEGIN CERTIFICATE")[1..]);
        return _folder["crt"];
    }

    private void Opens(params string[] secret)
    {
        OpenSsl.Run(["cms", "-decrypt", "-inform", "DER", "-binary", "-in", _folder["key"], "-out", _folder["signed"], .. secret]);

        // RFC 5652 §6.1: the bare SignedData, version first; openssl verifies it in a ContentInfo.
        var signed = File.ReadAllBytes(_folder["signed"]);
        Assert.Equal(3, new AsnReader(signed, AsnEncodingRules.DER).ReadSequence().ReadInteger());
        File.WriteAllBytes(_folder["signed"], Der.Sequence(Der.Oid("1.2.840.113549.1.7.2"), Der.Tlv(0xA0, signed)));
        OpenSsl.Run(
            "cms", "-verify", "-inform", "DER", "-binary", "-in", _folder["signed"], "-CAfile", server.Host.CaFile, "-purpose", "any",
            "-certsout", _folder["signer"], "-out", _folder["package"]);
        var package = new AsnReader(File.ReadAllBytes(_folder["package"]), AsnEncodingRules.DER).ReadSequence();
        File.WriteAllBytes(_folder["pkcs8"], package.ReadEncodedValue().ToArray());
        Assert.Equal(
            OpenSsl.Run("x509", "-in", Certificate(), "-noout", "-pubkey"),
            OpenSsl.Run("pkey", "-inform", "DER", "-in", _folder["pkcs8"], "-pubout"));
    }
}

/// <summary>One server for the tests of csrattrs and serverkeygen.</summary>
[CollectionDefinition(nameof(EstKeyCollection))]
public sealed class EstKeyCollection : ICollectionFixture<ServerKeyServer>;
