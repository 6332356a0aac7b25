using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

/// <summary>What is kept of a request: everything but its challenge.</summary>
public sealed class CsrReaderTests
{
    private const string Challenge = "shared by a whole fleet";

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.PrintableString)]
    [InlineData(UniversalTagNumber.BMPString)]
    [InlineData(UniversalTagNumber.T61String)]
    [Trait("Conformance", "S-R6")]
    public void A_kept_request_is_the_same_but_for_its_challenge(UniversalTagNumber type)
    {
        var text = type == UniversalTagNumber.BMPString
            ? System.Text.Encoding.BigEndianUnicode.GetBytes(Challenge)
            : System.Text.Encoding.ASCII.GetBytes(Challenge);
        var pkcs10 = Request([(byte)type, (byte)text.Length, .. text]);
        var read = Assert.IsType<CsrReading.Valid>(CsrReader.Read(pkcs10, CryptoPolicy.Compatible)).Csr;

        Assert.Equal(Challenge, read.ChallengePassword!.Reveal());
        Assert.Equal(SHA256.HashData(pkcs10), read.Sha256.ToArray());
        Assert.True(read.DerWithoutChallenge.Span.IndexOf(text) < 0);
        Assert.Equal(pkcs10.Length, read.DerWithoutChallenge.Length);

        var kept = CsrReader.ReadKept(read.DerWithoutChallenge);
        Assert.Equal(read.Subject.Der.ToArray(), kept!.Subject.Der.ToArray());
        Assert.Equal(read.PublicKey.Der.ToArray(), kept.PublicKey.Der.ToArray());
        Assert.Equal(["DNS:kept.example.com"], kept.SubjectAltNames.Select(name => name.ToString()));
        Assert.Equal(read.AttributeOids.Order(), kept.AttributeOids.Order());
        Assert.IsType<CsrReading.Invalid>(CsrReader.Read(read.DerWithoutChallenge, CryptoPolicy.Compatible));
    }

    [Fact]
    public void Without_a_challenge_it_is_kept_as_it_came()
    {
        var pkcs10 = Request(challenge: null);
        Assert.Equal(
            pkcs10, Assert.IsType<CsrReading.Valid>(CsrReader.Read(pkcs10, CryptoPolicy.Compatible)).Csr.DerWithoutChallenge.ToArray());
        Assert.Null(CsrReader.ReadKept(pkcs10.AsMemory(1)));
    }

    private static byte[] Request(byte[]? challenge)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kept", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("kept.example.com");
        request.CertificateExtensions.Add(names.Build());
        if (challenge is not null)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.7"), challenge));
        return request.CreateSigningRequest();
    }
}
