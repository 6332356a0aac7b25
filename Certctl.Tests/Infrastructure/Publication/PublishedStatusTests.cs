using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Publication;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Publication;

/// <summary>What the doctor makes of a CRL and of an OCSP answer.</summary>
public sealed class PublishedStatusTests
{
    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [InlineData("p-384")]
    public void A_CRL_is_one_of_the_CA_until_it_ends(string kind)
    {
        var ca = TestCa.Root(kind);
        var crl = CrlOf(ca);
        Assert.Null(PublishedStatus.FindDefectOfCrl(crl, ca.Certificate, TestCa.Now.AddHours(23)));
        Assert.Equal(
            $"it ended at {TestCa.Now.AddHours(24):u}", PublishedStatus.FindDefectOfCrl(crl, ca.Certificate, TestCa.Now.AddHours(24)));

        var bent = crl.ToArray();
        bent[^1] ^= 1;
        Assert.NotNull(PublishedStatus.FindDefectOfCrl(bent, ca.Certificate, TestCa.Now));
        var other = TestCa.Root(kind == "rsa" ? "p-256" : "rsa");
        Assert.Equal("its signature is not the CA's", PublishedStatus.FindDefectOfCrl(crl, other.Certificate, TestCa.Now));
        Assert.Equal(
            "it is the CRL of another CA",
            PublishedStatus.FindDefectOfCrl(crl, TestCa.Root(kind, "CN=Another").Certificate, TestCa.Now));
    }

    [Fact]
    public void What_is_no_CRL_is_told_and_never_thrown()
    {
        var ca = TestCa.Root();
        var crl = CrlOf(ca);
        for (var length = 0; length < crl.Length; length++)
            Assert.NotNull(PublishedStatus.FindDefectOfCrl(crl.AsMemory(0, length), ca.Certificate, TestCa.Now));
        Assert.Equal("it is no CRL", PublishedStatus.FindDefectOfCrl("<html>"u8.ToArray(), ca.Certificate, TestCa.Now));
    }

    [Fact]
    public void The_request_is_one_that_openssl_reads()
    {
        using var folder = new TemporaryFolder();
        var ca = TestCa.Root();
        File.WriteAllBytes(folder["request"], PublishedStatus.OcspRequest(ca.Certificate, [0xFE, 0x01]));
        File.WriteAllText(folder["ca"], ca.Certificate.ExportCertificatePem());
        var text = OpenSsl.Run("ocsp", "-reqin", folder["request"], "-req_text");
        Assert.Contains("Serial Number: FE01", text, StringComparison.Ordinal);
        OpenSsl.Run("ocsp", "-issuer", folder["ca"], "-serial", "0xFE01", "-no_nonce", "-reqout", folder["theirs"]);
        Assert.Equal(File.ReadAllBytes(folder["theirs"]), File.ReadAllBytes(folder["request"]));
    }

    [Theory]
    [InlineData("30050A0100A000", null)]
    [InlineData("30030A0100", "it has no content")]
    [InlineData("30030A0103", "the responder says tryLater")]
    [InlineData("30030A0106", "the responder says unauthorized")]
    [InlineData("30030A0109", "the responder says nothing known")]
    [InlineData("3C68746D6C3E", "it is no OCSP answer")]
    [InlineData("", "it is no OCSP answer")]
    public void An_OCSP_answer_says_whether_there_is_one(string hex, string? defect) =>
        Assert.Equal(defect, PublishedStatus.FindDefectOfOcsp(Convert.FromHexString(hex)));

    private static byte[] CrlOf(KeyPair ca) => TestCa.Issuer(ca).Crls!.Write(
        new CrlHeader(7, TestCa.Now, TestCa.Now.AddHours(24)),
        new RevokedCertificate("00000000000000000000000000000000000000ff", TestCa.Now, RevocationReason.Superseded));
}
