using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Hostile.Fuzz;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Answers at which the platform stumbles (found by Hostile/Fuzz): the client refuses in words, as anything else that is wrong.</summary>
public sealed class HostileServerTests
{
    private const string Arc = "2.16.840.1.113733.1.9.";

    [Theory]
    [InlineData("application/x-x509-ca-cert")]
    [InlineData("application/x-x509-ca-ra-cert")]
    public void A_ca_certificate_with_a_date_that_does_not_exist_is_refused(string contentType)
    {
        using var good = FakePki.Make("CN=Fake CA", FakePki.CaKey, null, FakePki.CaKey, X509KeyUsageFlags.KeyCertSign, isCa: true, serial: [1]);
        var bad = good.RawData;

        // notBefore, UTCTime: the 99th day of its month. Nobody looks at the signature before that.
        var notBefore = bad.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x17, 0x0D]);
        (bad[notBefore + 6], bad[notBefore + 7]) = ((byte)'9', (byte)'9');
        var body = contentType == "application/x-x509-ca-cert" ? bad : Bag(bad);

        var refusal = Assert.Throws<ScepClientException>(() => CaCertificates.Parse(new ScepAnswer(contentType, body)));

        Assert.Equal(ScepClientFault.Untrusted, refusal.Fault);
    }

    [Fact]
    public void Signed_attributes_in_ber_are_refused()
    {
        byte[] nonce = [1, 2, 3];

        // The messageType with its length in more octets than needed.
        var attributes = SignedMessage.Attributes(
            [],
            [0x30, 0x12, .. ForgedRequest.Attribute(Arc + "2", ForgedRequest.Printable("3"))[2..^5], 0x31, 0x04, 0x13, 0x81, 0x01, (byte)'3'],
            ForgedRequest.Attribute(Arc + "3", ForgedRequest.Printable("3")),
            ForgedRequest.Attribute(Arc + "6", ForgedRequest.Octets(nonce)),
            ForgedRequest.Attribute(Arc + "7", ForgedRequest.Printable("T")));
        var answer = new ScepAnswer("application/x-pki-message", SignedMessage.Wrap(attributes, [], FakePki.Ra, FakePki.RaKey));
        var trust = CaCertificates.Parse(new ScepAnswer("application/x-x509-ca-ra-cert", ClientTargets.Bag())).Trust(null, FakePki.Now);

        var refusal = Assert.Throws<ScepClientException>(() => CertRep.Read(
            answer, new PkiMessage([], nonce), "T", new MessageSigner(FakePki.Ra, FakePki.RaKey), trust, new MessageAlgorithms(HashAlgorithmName.SHA256, ScepCipher.Aes128)));

        Assert.Contains("not in DER", refusal.Message, StringComparison.Ordinal);
    }

    private static byte[] Bag(byte[] certificate)
    {
        var loaded = X509CertificateLoader.LoadCertificate(certificate);
        return new X509Certificate2Collection(loaded).Export(X509ContentType.Pkcs7)!;
    }
}
