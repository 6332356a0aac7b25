using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Crypto.X509;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>Single DES and MD5 as old third-party programs wrote them. What the policy legacy reads, the others refuse.</summary>
public sealed class CmsScepCodecLegacyTests(ITestOutputHelper output)
{
    [Fact]
    public void An_MD5_message_of_sscep_is_verified_by_legacy_alone()
    {
        if (TestVectors.Find("scep-libscep/util_b64_pkcs7.bin", output) is not { } path)
            return;
        var message = File.ReadAllBytes(path);

        // Encrypted to a CA whose key is lost: to say so, the signature must have been right.
        Assert.Equal(FailureReason.NotEncryptedToUs, Refusal(Codec(CryptoPolicy.Legacy), message));

        // RFC 3370 §2.2: MD5 comes with parameters NULL, in the answer too.
        var head = Assert.IsType<ScepDecoding.PkiMessage>(Codec(CryptoPolicy.Legacy).Decode(message)).Head;
        var answer = Codec(CryptoPolicy.Legacy).EncodeCertRep(head, new ScepReply.Failure(FailInfo.BadAlg, "text"));
        Assert.Equal(2, Convert.ToHexString(answer).Split("300C06082A864886F70D02050500").Length - 1);
        message[^1] ^= 1;
        Assert.Equal(FailureReason.MessageCheckFailed, Refusal(Codec(CryptoPolicy.Legacy), message));
        message[^1] ^= 1;
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Refusal(Codec(CryptoPolicy.Compatible), message));
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Refusal(Codec(CryptoPolicy.Modern), message));
    }

    [Fact]
    public void A_DES_envelope_of_libscep_opens_by_legacy_alone_though_it_holds_no_request()
    {
        if (TestVectors.Find("scep-libscep/certrep_success_str.der", output) is not { } path)
            return;
        var reply = new SignedCms();
        reply.Decode(File.ReadAllBytes(path));
        var message = new ForgedRequest { Content = reply.ContentInfo.Content }.Build();
        var folder = Path.GetDirectoryName(path)!;
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(folder, "enc_cert_str.crt.pem")));
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(folder, "enc_key_str.key.pem")));
        CmsScepCodec Recipient(CryptoPolicy policy) =>
            new(
                new RaKeyRing([ScepTestKeys.Pair(certificate, key)], [ScepTestKeys.Ca.RawData]),
                new FakeTimeProvider(certificate.NotBefore.ToUniversalTime().AddDays(1)),
                policy);

        var opened = Assert.IsType<ScepContent.Refused>(
            Assert.IsType<ScepDecoding.PkiMessage>(Recipient(CryptoPolicy.Legacy).Decode(message)).Content).Failure;
        Assert.Equal(FailureReason.UnreadableContent, opened.Reason);
        Assert.DoesNotContain("does not open", opened.Detail, StringComparison.Ordinal);
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Refusal(Recipient(CryptoPolicy.Compatible), message));
    }

    [Fact]
    [Trait("Conformance", "R-12")]
    public void An_MD5_request_of_mbed_TLS_is_valid_by_legacy_alone()
    {
        if (TestVectors.Find("csr-mbedtls/server1.req.md5", output) is not { } path)
            return;
        var pkcs10 = Convert.FromBase64String(string.Concat(File.ReadLines(path).Where(line => !line.StartsWith('-'))));
        Assert.IsType<CsrReading.Valid>(CsrReader.Read(pkcs10, CryptoPolicy.Legacy));
        Assert.IsType<CsrReading.Invalid>(CsrReader.Read(pkcs10, CryptoPolicy.Compatible));
        pkcs10[^1] ^= 1;
        Assert.IsType<CsrReading.Invalid>(CsrReader.Read(pkcs10, CryptoPolicy.Legacy));
    }

    [Fact]
    public void MD5_in_OAEP_is_refused_by_every_policy_since_no_client_needs_it()
    {
        // RSAES-OAEP with hash MD5, MGF1 of SHA-1.
        var reader = new DerReader(Convert.FromHexString("301D06092A864886F70D0101073010A00E300C06082A864886F70D02050500"));
        Assert.True(AlgorithmId.TryRead(ref reader, out var algorithm));
        foreach (var policy in Enum.GetValues<CryptoPolicy>())
        {
            Assert.Null(KeyTransport.Find(algorithm, policy, out var refusal));
            Assert.Equal("RSAES-OAEP with digest MD5", refusal);
        }
    }

    private static CmsScepCodec Codec(CryptoPolicy policy) => new(ScepTestKeys.Ring(), ScepTestKeys.Clock(), policy);

    private static FailureReason Refusal(CmsScepCodec codec, byte[] message) =>
        Assert.IsType<ScepContent.Refused>(Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(message)).Content).Failure.Reason;
}
