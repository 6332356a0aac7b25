using System.Globalization;
using System.Security.Cryptography;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Publication;

/// <summary>CRLs that openssl and GnuTLS go by, whatever the CA and the serial number.</summary>
public sealed class CrlInteropTests : IDisposable
{
    private const string CertTool = "/usr/bin/certtool";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rsa", "0")]
    [InlineData("p-256", "00")]
    [InlineData("p-384", "0")]
    [InlineData("sub", "0")]
    [Trait("Conformance", "L-1")]
    [Trait("Conformance", "L-8")]
    public void Openssl_and_GnuTLS_find_a_serial_number_with_zeros_in_front(string kind, string leading)
    {
        var ca = kind == "sub" ? TestCa.Sub(TestCa.Root("rsa")) : TestCa.Root(kind);
        File.WriteAllText(_folder["ca"], ca.Certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(
            _folder["trust"], string.Concat(ca.Chain.Prepend(ca.Certificate).Select(one => one.ExportCertificatePem() + "\n")));
        var (revoked, other) = (Issue(ca, leading, "revoked"), Issue(ca, leading, "other"));
        var list = Pem(Write(ca, new RevokedCertificate(revoked, DateTimeOffset.UtcNow, RevocationReason.KeyCompromise)));
        File.WriteAllText(_folder["crl"], list);

        // -crl_check_all asks for the list of every CA above, of which a root has one, too.
        File.WriteAllText(_folder["crls"], list + string.Concat(ca.Chain.Take(1).Select(_ => Pem(Write(TestCa.Root("rsa"))))));

        Assert.Contains("certificate revoked", OpenSsl.TryRun(Verify("revoked")).Output, StringComparison.Ordinal);
        OpenSsl.Run(Verify("other"));
        if (!ExternalTool.AllPresent(CertTool))
            return;
        var read = ExternalTool.Run(CertTool, "--verify-crl", "--load-ca-certificate", _folder["ca"], "--infile", _folder["crl"])
            .MustSucceed().Output;
        Assert.Contains("Verified. The certificate is trusted.", read, StringComparison.Ordinal);
        Assert.Contains($"Serial Number (hex): {Octets(revoked)}\n", read, StringComparison.Ordinal);
        Assert.DoesNotContain(Octets(other), read, StringComparison.Ordinal);

        // Of a CA with the same name and another key.
        File.WriteAllText(
            _folder["stranger"], TestCa.Root(kind == "rsa" ? "p-256" : "rsa", ca.Certificate.Subject).Certificate.ExportCertificatePem());
        Assert.DoesNotContain(
            "The certificate is trusted.",
            ExternalTool.Run(CertTool, "--verify-crl", "--load-ca-certificate", _folder["stranger"], "--infile", _folder["crl"]).All,
            StringComparison.Ordinal);
    }

    private string[] Verify(string name) =>
        ["verify", "-crl_check_all", "-x509_strict", "-CRLfile", _folder["crls"], "-CAfile", _folder["trust"], _folder[name]];

    // What X.690 §8.3.2 leaves of an INTEGER: no octet of zeros in front, unless the next one would make it negative.
    private static string Octets(string serial) =>
        Convert.ToHexStringLower(
            System.Numerics.BigInteger.Parse("0" + serial, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                .ToByteArray(isBigEndian: true));

    private string Issue(KeyPair ca, string leading, string file)
    {
        var issuer = TestCa.Issuer(ca);
        IssuedCertificate issued;
        do
            issued = issuer.Issue(TestCa.Template());
        while (!issued.SerialNumber.StartsWith(leading, StringComparison.Ordinal));
        File.WriteAllText(_folder[file], PemEncoding.WriteString("CERTIFICATE", issued.Der));
        return issued.SerialNumber;
    }

    private static byte[] Write(KeyPair ca, params RevokedCertificate[] entries)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return TestCa.Issuer(ca).Crls!.Write(new CrlHeader(7, now, now.AddHours(24)), entries);
    }

    private static string Pem(byte[] crl) => PemEncoding.WriteString("X509 CRL", crl) + "\n";
}
