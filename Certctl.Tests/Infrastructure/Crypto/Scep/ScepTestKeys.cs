using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Scep;
using Microsoft.Extensions.Time.Testing;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>Keys and certificates for the codec's tests, made once a run by the platform's own writers.</summary>
internal static class ScepTestKeys
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<RSA> CaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> RaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> OtherRaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> DeviceKey = new(() => RSA.Create(2048));
    private static readonly Lazy<ECDsa> EcDeviceKey = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private static readonly Lazy<X509Certificate2> CaCertificate = new(
        () => SelfSigned("CN=Test CA,O=Certctl", CaKey.Value, 10 * 365, isCa: true));
    private static readonly Lazy<X509Certificate2> RaCertificate = new(() => Issue("CN=Test RA,O=Certctl", RaKey.Value, -10, 355));
    private static readonly Lazy<X509Certificate2> OtherRaCertificate = new(
        () => Issue("CN=Test RA 2,O=Certctl", OtherRaKey.Value, -100, 30));
    private static readonly Lazy<X509Certificate2> DeviceCertificate = new(() => SelfSigned("CN=device-1", DeviceKey.Value, 100));
    private static readonly Lazy<X509Certificate2> LeafCertificate = new(() => Issue("CN=device-1", DeviceKey.Value, -1, 90));
    private static readonly Lazy<byte[]> Request = new(() => MakeCsr("CN=device-1", DeviceKey.Value));

    public static X509Certificate2 Ca => CaCertificate.Value;

    public static RSA CaPrivateKey => CaKey.Value;

    public static X509Certificate2 Ra => RaCertificate.Value;

    public static X509Certificate2 OtherRa => OtherRaCertificate.Value;

    public static RSA RaPrivateKey => RaKey.Value;

    public static RSA OtherRaPrivateKey => OtherRaKey.Value;

    public static RSA Device => DeviceKey.Value;

    public static ECDsa EcDevice => EcDeviceKey.Value;

    public static X509Certificate2 DeviceSelfSigned => DeviceCertificate.Value;

    /// <summary>What the CA issued to the device.</summary>
    public static X509Certificate2 Leaf => LeafCertificate.Value;

    /// <summary>A PKCS#10 of the device as DER.</summary>
    public static byte[] Csr => Request.Value;

    public static FakeTimeProvider Clock() => new(Now);

    public static RaKeyRing Ring() => new([Pair(Ra, RaPrivateKey)], [Ca.RawData]);

    public static CmsScepCodec Codec() => new(Ring(), Clock());

    public static KeyPair Pair(X509Certificate2 certificate, RSA key) => new(certificate, key, []);

    public static byte[] MakeCsr(string subject, RSA key) =>
        new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();

    public static X509Certificate2 SelfSigned(string subject, RSA key, int days, bool isCa = false)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (isCa)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return Finish(request, new X500DistinguishedName(subject), key, Now.AddDays(-1), Now.AddDays(days));
    }

    public static X509Certificate2 SelfSigned(string subject, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now.AddDays(-1), Now.AddDays(100),
            RandomNumberGenerator.GetBytes(12));
    }

    /// <summary>From so many days after <see cref="Now"/> to so many.</summary>
    public static X509Certificate2 Issue(string subject, RSA key, int fromDay, int toDay)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return Finish(request, Ca.SubjectName, CaKey.Value, Now.AddDays(fromDay), Now.AddDays(toDay));
    }

    private static X509Certificate2 Finish(
        CertificateRequest request, X500DistinguishedName issuer, RSA key, DateTimeOffset from, DateTimeOffset to)
    {
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));

        // A serial with the top bit set: DER puts a zero before it.
        byte[] serial = [0xA5, .. RandomNumberGenerator.GetBytes(11)];
        return request.Create(issuer, X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1), from, to, serial);
    }
}
