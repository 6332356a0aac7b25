using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>Requests as octets, through the reader, a profile and the CA: what a device gets for what it sent.</summary>
internal static class DeviceRequests
{
    public const string CommonName = "2.5.4.3";

    private static readonly Lazy<LocalCaIssuer> Issuer = new(() => TestCa.Issuer(TestCa.Root()));
    private static readonly Lazy<ECDsa> DeviceKey = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public static readonly byte[] Device = Subject((CommonName, "device-1"));

    public static byte[] Subject(params (string Oid, string Value)[] attributes) =>
        Der.Sequence([.. attributes.Select(attribute => Der.Rdn(attribute.Oid, Der.Text(0x0C, attribute.Value)))]);

    public static byte[] OtherName(string oid, byte[] value) => Der.Tlv(0xA0, Der.Oid(oid), Der.Tlv(0xA0, value));

    /// <summary>A PKCS#10 with these alternative names, each a GeneralName in DER, and these attributes.</summary>
    public static CertificateSigningRequest Csr(
        byte[]? subject = null, byte[][]? sans = null, AsymmetricAlgorithm? key = null, params (string Oid, byte[] Value)[] attributes)
    {
        var name = new X500DistinguishedName(subject ?? Device);
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa?)key ?? DeviceKey.Value, HashAlgorithmName.SHA256);
        if (sans is not null)
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", Der.Sequence(sans), critical: false));
        foreach (var (oid, value) in attributes)
            request.OtherRequestAttributes.Add(new AsnEncodedData(new Oid(oid), value));
        return Read(request.CreateSigningRequest());
    }

    public static CertificateSigningRequest Read(byte[] pkcs10) =>
        CsrReader.Read(pkcs10, CryptoPolicy.Compatible) is CsrReading.Valid valid
            ? valid.Csr
            : throw new Xunit.Sdk.XunitException("The request cannot be read.");

    /// <summary>The certificate that the profile grants, which openssl must verify.</summary>
    public static IssuedCertificate Certify(this CertificateProfile profile, CertificateSigningRequest csr, DeviceClaim? claim = null)
    {
        Assert.Empty(profile.Validate());
        var issued = Issuer.Value.Issue(profile.Granted(csr, claim));
        issued.MustVerify(Issuer.Value);
        return issued;
    }

    public static CertificateProfile With(ContentRules content, params string[] ekus) => new()
    {
        Id = "fleet",
        Name = "Fleet",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Rsa, 2048), new(KeyAlgorithm.Ecdsa, 256)],
        AllowedEkus = ekus.Length == 0 ? ["clientAuth"] : ekus,
        Content = content,
    };
}
