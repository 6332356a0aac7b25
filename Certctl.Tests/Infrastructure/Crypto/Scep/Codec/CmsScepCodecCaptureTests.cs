using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Scep;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>What real devices and third-party tools have sent, with the clock of that day.</summary>
public sealed class CmsScepCodecCaptureTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Conformance", "S-M8")]
    [Trait("Conformance", "S-M12")]
    [Trait("Conformance", "S-M28")]
    public void MacOS_2016_is_opened_and_answered_in_3DES_and_SHA1()
    {
        if (TestVectors.Find("scep-micromdm/PKCSReq.der", output) is not { } path)
            return;
        var folder = Path.GetDirectoryName(path)!;
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(folder, "derived.ca-key-unencrypted.pem")));
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(folder, "testca/ca.pem")));
        var codec = CodecOf(certificate, key, new DateTimeOffset(2016, 6, 1, 0, 0, 0, TimeSpan.Zero));

        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(File.ReadAllBytes(path)));

        if (decoding.Content is ScepContent.Refused refused)
            Assert.Fail($"{refused.Failure.Reason}: {refused.Failure.Detail}");
        var csr = Assert.IsType<ScepContent.CertificationRequest>(decoding.Content).Csr;
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "derived.inner-csr.der"))), csr.Sha256.ToArray());
        Assert.Equal(8, decoding.Head.SenderNonce.Length);
        Assert.Equal("1.2.840.113549.3.7", decoding.Head.CipherOid);
        Assert.Equal("1.3.14.3.2.26", decoding.Head.DigestOid);
        Assert.Equal("MDM SCEP SIGNER", decoding.Head.Signer!.Subject.CommonName);

        var reply = new SignedCms();
        reply.Decode(codec.EncodeCertRep(decoding.Head, new ScepReply.Success(certificate.RawData)));
        reply.CheckSignature(verifySignatureOnly: true);
        var enveloped = new EnvelopedCms();
        enveloped.Decode(reply.ContentInfo.Content);
        Assert.Equal("1.2.840.113549.3.7", enveloped.ContentEncryptionAlgorithm.Oid.Value);
        var nonce = reply.SignerInfos[0].SignedAttributes.Cast<CryptographicAttributeObject>()
            .Single(a => a.Oid.Value == "2.16.840.1.113733.1.9.6");
        Assert.Equal([0x04, 8, .. decoding.Head.SenderNonce.Span], nonce.Values[0].RawData);
    }

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void IOS_2022_verifies_and_is_told_that_it_encrypted_to_another_RA()
    {
        if (Decode("scep-rustcrypto/scep_der.bin") is not { } decoding)
            return;
        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.Equal(FailureReason.NotEncryptedToUs, failure.Reason);
        Assert.Contains("CN=CA", failure.Detail, StringComparison.Ordinal);
        Assert.Equal(16, decoding.Head.SenderNonce.Length);
        Assert.NotNull(decoding.Head.Signer);
        Assert.Equal(ForgedRequest.Sha256Oid, decoding.Head.DigestOid);
        Assert.Equal(ForgedRequest.Aes128Oid, decoding.Head.CipherOid);
    }

    [Theory]
    [InlineData("scep-libscep/util_b64_pkcs7.bin")]
    [InlineData("scep-ejbca/MessagesTest.openscep.pkimessage.der")]
    [Trait("Conformance", "S-M19")]
    public void MD5_from_sscep_and_OpenSCEP_is_refused_as_an_algorithm(string file)
    {
        if (Decode(file) is not { } decoding)
            return;
        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.Equal(FailureReason.UnsupportedAlgorithm, failure.Reason);
        Assert.Contains("1.2.840.113549.2.5", failure.Detail, StringComparison.Ordinal);
        Assert.Equal(32, decoding.Head.TransactionId.Value.Length);
        Assert.NotEmpty(ScepTestKeys.Codec().EncodeCertRep(decoding.Head, new ScepReply.Failure(FailInfo.BadAlg, "MD5")));
    }

    [Fact]
    public void Cryptlibs_sample_is_read_and_refused_for_its_short_key()
    {
        if (Decode("scep-jscep-samples/scep_req2.der") is not { } decoding)
            return;
        Assert.Equal("7XXEY-ERLPU-2JDR9", decoding.Head.TransactionId.Value);
        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.Equal(FailureReason.UnsupportedAlgorithm, failure.Reason);
        Assert.Contains("1536", failure.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scep-jscep-samples/scep_resp2.der")]
    [InlineData("scep-smallstep/CertRep.der")]
    [InlineData("scep-libscep/certrep_success_str.der")]
    [InlineData("scep-libscep/certrep_pending_str.der")]
    [InlineData("scep-libscep/certrep_failure_str.der")]
    [Trait("Conformance", "S-M14")]
    public void A_CertRep_that_comes_in_is_refused(string file)
    {
        if (Decode(file) is not { } decoding)
            return;
        Assert.IsType<ScepContent.Refused>(decoding.Content);
        Assert.Equal(MessageType.CertRep, decoding.Head.MessageType);
    }

    [Fact]
    public void An_envelope_of_OpenSSL_with_3DES_opens_though_it_holds_no_request()
    {
        if (TestVectors.Find("cms-asn1crypto/cms-enveloped.der", output) is not { } path)
            return;
        var keys = Path.Combine(Path.GetDirectoryName(path)!, "keys");
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(keys, "test.key")));
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(keys, "test.crt")));
        var codec = CodecOf(certificate, key, new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));

        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(
            codec.Decode(new ForgedRequest { Content = File.ReadAllBytes(path) }.Build()));

        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.Equal(FailureReason.UnreadableContent, failure.Reason);
        Assert.DoesNotContain("does not open", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "Z-1")]
    public void OpenSSLs_fuzzing_corpora_give_verdicts_and_never_an_exception()
    {
        if (TestVectors.Find("fuzz-openssl-corpora/PROVENANCE.txt", output) is not { } path)
            return;
        var codec = ScepTestKeys.Codec();
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, "*", SearchOption.AllDirectories))
        {
            var octets = File.ReadAllBytes(file);
            Assert.NotNull(codec.Decode(octets));

            // And again behind a right signature, where the envelope is expected.
            if (file.Contains("/cms/", StringComparison.Ordinal))
                Assert.IsType<ScepContent.Refused>(
                    Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(new ForgedRequest { Content = octets }.Build())).Content);
            count++;
        }

        Assert.True(count > 100, $"only {count} files");
    }

    // The CAs of the captures were their own RAs, though their keyUsage forbids that: the same name, number and key without one.
    private static CmsScepCodec CodecOf(X509Certificate2 certificate, RSA key, DateTimeOffset now)
    {
        var request = new CertificateRequest(certificate.SubjectName, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var ra = request.Create(
            certificate.IssuerName, X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1), certificate.NotBefore,
            certificate.NotAfter, certificate.SerialNumberBytes.Span);
        return new(new RaKeyRing([new KeyPair(ra, key, [])], [certificate.RawData]), new FakeTimeProvider(now));
    }

    /// <summary>Null when the file is not there.</summary>
    private ScepDecoding.PkiMessage? Decode(string file)
    {
        if (TestVectors.Find(file, output) is not { } path)
            return null;
        return Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(File.ReadAllBytes(path)));
    }
}
