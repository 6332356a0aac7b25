using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;
using Certctl.Tests.Hostile.Fuzz;
using Certctl.Tests.Hostile.Fuzz.Targets;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>
/// Answers at which the platform stumbles (found by Hostile/Fuzz): the client refuses in words, as anything else that is wrong.
/// </summary>
public sealed class HostileServerTests
{
    private const string Arc = "2.16.840.1.113733.1.9.";

    private static readonly byte[] Nonce = [1, 2, 3];

    [Theory]
    [InlineData("application/x-x509-ca-cert")]
    [InlineData("application/x-x509-ca-ra-cert")]
    public void A_ca_certificate_with_a_date_that_does_not_exist_is_refused(string contentType)
    {
        using var good = FakePki.Make(
            "CN=Fake CA", FakePki.CaKey, null, FakePki.CaKey, X509KeyUsageFlags.KeyCertSign, isCa: true, serial: [1]);
        var bad = good.RawData;

        // notBefore, UTCTime: the 99th day of its month. The signature is not checked before that.
        var notBefore = bad.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x17, 0x0D]);
        (bad[notBefore + 6], bad[notBefore + 7]) = ((byte)'9', (byte)'9');
        var body = contentType == "application/x-x509-ca-cert" ? bad : Bag(bad);

        var refusal = Assert.Throws<ScepClientException>(() => CaCertificates.Parse(new ScepAnswer(contentType, body)));

        Assert.Equal(ScepClientFault.Untrusted, refusal.Fault);
    }

    [Fact]
    public void Signed_attributes_in_ber_are_refused()
    {
        // The messageType with its length in more octets than needed.
        var attributes = SignedMessage.Attributes(
            [],
            [
                0x30, 0x12, .. ForgedRequest.Attribute(Arc + "2", ForgedRequest.Printable("3"))[2..^5], 0x31, 0x04, 0x13, 0x81, 0x01,
                (byte)'3',
            ],
            ForgedRequest.Attribute(Arc + "3", ForgedRequest.Printable("3")),
            ForgedRequest.Attribute(Arc + "6", ForgedRequest.Octets(Nonce)),
            ForgedRequest.Attribute(Arc + "7", ForgedRequest.Printable("T")));

        Assert.Contains("not in DER", Refusal(SignedMessage.Wrap(attributes, [], FakePki.Ra, FakePki.RaKey)), StringComparison.Ordinal);
    }

    // Without the limit eight kilobytes of it cost 225 megabytes, and that grows with the square: an answer may be a megabyte long.
    [Fact]
    public void A_signer_with_an_endless_serial_number_is_refused_before_the_platform_reads_it()
    {
        var signer = Der.Sequence(FakePki.Ra.IssuerName.RawData, Der.Tlv(0x02, [.. Enumerable.Repeat((byte)0x59, 30_000)]));
        var message = SignedMessage.Wrap(SignedMessage.Attributes([]), [], FakePki.Ra.RawData, signer, FakePki.RaKey);
        Refusal(message);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Refusal(message);

        Assert.Contains("serial number", refusal, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * 1024 * 1024);
    }

    private static string Refusal(byte[] message)
    {
        using var certificates = CaCertificates.Parse(new ScepAnswer("application/x-x509-ca-ra-cert", ClientTargets.Bag()));
        var refusal = Assert.Throws<ScepClientException>(() => CertRep.Read(
            new ScepAnswer("application/x-pki-message", message),
            new PkiMessage([], Nonce),
            "T",
            new MessageSigner(FakePki.Ra, FakePki.RaKey),
            certificates.Trust(null, FakePki.Now), new MessageAlgorithms(HashAlgorithmName.SHA256, ScepCipher.Aes128)));
        return refusal.Message;
    }

    private static byte[] Bag(byte[] certificate)
    {
        var loaded = X509CertificateLoader.LoadCertificate(certificate);
        return new X509Certificate2Collection(loaded).Export(X509ContentType.Pkcs7)!;
    }
}
