using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Est;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Est;

/// <summary>
/// What <c>cacerts</c> is made of, where the CA's file has a root that took the place of another: openssl builds the path of a leaf from
/// it, whichever root a client trusts.
/// </summary>
public sealed class CaCertificatesTests : IDisposable
{
    private static readonly DateTimeOffset Now = TestCa.Now;

    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _issuing = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _old = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _new = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _folder.Dispose();
        _issuing.Dispose();
        _old.Dispose();
        _new.Dispose();
    }

    [Fact]
    [Trait("Conformance", "E-C3")]
    [Trait("Conformance", "E-C4")]
    public void A_leaf_is_traced_to_the_old_root_and_to_the_new_one_by_what_cacerts_holds()
    {
        var oldWithOld = Make("CN=Old Root", _old, "CN=Old Root", _old);
        var newWithNew = Make("CN=New Root", _new, "CN=New Root", _new);
        var newWithOld = Make("CN=New Root", _new, "CN=Old Root", _old);
        var issuing = Make("CN=Issuing", _issuing, "CN=New Root", _new);
        var ca = new KeyPair(issuing, _issuing, [newWithOld, oldWithOld, newWithNew]);

        var body = new EstCodec().EncodeCertificates(LocalCaIssuer.PublishedOf(ca, Now));

        File.WriteAllBytes(_folder["body"], body);
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", _folder["body"], "-print_certs", "-out", _folder["bag"]);
        var bag = new X509Certificate2Collection();
        bag.ImportFromPemFile(_folder["bag"]);
        Assert.Equal(
            new[] { issuing, newWithNew, newWithOld, oldWithOld }.Select(one => one.Thumbprint).Order(),
            bag.Select(one => one.Thumbprint).Order());

        File.WriteAllText(
            _folder["between"],
            string.Concat(bag.Where(one => one.Subject != one.Issuer).Select(one => one.ExportCertificatePem() + "\n")));
        File.WriteAllText(_folder["leaf"], Make("CN=leaf", _old, "CN=Issuing", _issuing, isCa: false).ExportCertificatePem());
        foreach (var root in new[] { oldWithOld, newWithNew })
        {
            File.WriteAllText(_folder["root"], bag.Single(one => one.Thumbprint == root.Thumbprint).ExportCertificatePem());
            Assert.Contains(
                ": OK",
                OpenSsl.Run(
                    "verify", "-attime", $"{Now.ToUnixTimeSeconds()}", "-no-CApath", "-no-CAstore", "-CAfile", _folder["root"],
                    "-untrusted", _folder["between"], _folder["leaf"]),
                StringComparison.Ordinal);
        }
    }

    private static X509Certificate2 Make(string subject, ECDsa key, string issuer, ECDsa by, bool isCa = true)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isCa, false, 0, critical: true));
        if (isCa)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(by), Now.AddDays(-10), Now.AddDays(300),
            [0x11, .. RandomNumberGenerator.GetBytes(8)]);
    }
}
