using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Fixtures;
using Xunit;
using static Certctl.Tests.Infrastructure.Issuers.LocalCa.DeviceRequests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>The kinds of keys that openssl makes requests with, and the certificates that come of them.</summary>
public sealed class KeyKindTests
{
    [Theory]
    [InlineData("EC", "secp521r1", KeyAlgorithm.Ecdsa, 521, "ECDSA-P521", "NIST CURVE: P-521")]
    [InlineData("EC", "secp384r1", KeyAlgorithm.Ecdsa, 384, "ECDSA-P384", "NIST CURVE: P-384")]
    [InlineData("ED25519", null, KeyAlgorithm.Ed25519, 0, "Ed25519", "ED25519 Public-Key:")]
    public void A_request_of_openssl_becomes_a_certificate(
        string algorithm, string? curve, KeyAlgorithm kind, int size, string name, string openssl)
    {
        var csr = Read(Pkcs10(algorithm, curve));
        Assert.Equal((kind, name), (csr.PublicKey.Algorithm, csr.PublicKey.Describe()));

        var issued = Allowing(kind, size).Certify(csr);
        Assert.Contains(openssl, issued.Text(), StringComparison.Ordinal);
        Assert.Contains("X509v3 Key Usage: critical\n                Digital Signature\n", issued.Text(), StringComparison.Ordinal);
        Assert.Equal(name, issued.KeyAlgorithm);
        With(ContentRules.Default).Approve(csr, Requests.Year, Requests.Now);
        Allowing(KeyAlgorithm.Rsa, 2048).Denied(FailureReason.KeyNotAllowed, csr);
    }

    [Fact]
    public void An_Ed25519_request_that_was_changed_or_proves_nothing_is_refused()
    {
        var pkcs10 = Pkcs10("ED25519", null);
        foreach (var at in (int[])[20, pkcs10.Length - 1, pkcs10.Length - 40])
        {
            var changed = pkcs10.ToArray();
            changed[at] ^= 1;
            Assert.IsType<CsrReading.Invalid>(CsrReader.Read(changed, CryptoPolicy.Compatible));
        }

        // A key of small order: the neutral element, for which R = A = 1 and S = 0 verify under any message.
        var spki = Convert.FromHexString("302A300506032B6570032100");
        var key = pkcs10.AsSpan().IndexOf(spki) + spki.Length;
        var forged = pkcs10.ToArray();
        byte[] neutral = [1, .. new byte[31]];
        neutral.CopyTo(forged, key);
        neutral.CopyTo(forged, forged.Length - 64);
        forged.AsSpan(forged.Length - 32).Clear();
        Assert.IsType<CsrReading.Invalid>(CsrReader.Read(forged, CryptoPolicy.Compatible));
    }

    [Fact]
    public void An_Ed25519_key_has_no_bits_for_encryption()
    {
        var csr = Read(Pkcs10("ED25519", null));
        var profile = new CertificateProfile
        {
            Id = "fleet",
            Name = "Fleet",
            AllowedKeyAlgorithms = [new(KeyAlgorithm.Ed25519, 0), new(KeyAlgorithm.Rsa, 2048)],
            AllowedEkus = ["clientAuth"],
            Content = new() { KeyUsage = ["digitalSignature", "keyEncipherment"] },
        };
        Assert.Contains("critical\n                Digital Signature\n", profile.Certify(csr).Text(), StringComparison.Ordinal);
    }

    private static CertificateProfile Allowing(KeyAlgorithm kind, int size) =>
        new() { Id = "fleet", Name = "Fleet", AllowedKeyAlgorithms = [new(kind, size)], AllowedEkus = ["clientAuth"] };

    private static byte[] Pkcs10(string algorithm, string? curve)
    {
        using var folder = new TemporaryFolder();
        OpenSsl.Run([
            "genpkey", "-algorithm", algorithm, .. curve is null ? Array.Empty<string>() : ["-pkeyopt", $"ec_paramgen_curve:{curve}"],
            "-out", folder["key"],
        ]);
        OpenSsl.Run(["req", "-new", "-key", folder["key"], "-subj", "/CN=device-1", "-outform", "DER", "-out", folder["csr"]]);
        return File.ReadAllBytes(folder["csr"]);
    }
}
