using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// A manufacturer's CA that gives devices the certificate with which they knock at <c>/scep-mtls</c>; made by the platform.
/// </summary>
internal sealed class BootstrapCa
{
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    private readonly ECDsa _key;

    private BootstrapCa(X509Certificate2 certificate, ECDsa key) => (Certificate, _key) = (certificate, key);

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    public static BootstrapCa Root(string name, int fromDays = -30, int toDays = 300)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(CaRequest(name, key).CreateSelfSigned(In(fromDays), In(toDays)), key);
    }

    /// <summary>A CA below this one.</summary>
    public BootstrapCa Below(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(Sign(CaRequest(name, key), -20, 200), key);
    }

    /// <param name="eku">Null: no extended key usage.</param>
    public X509Certificate2 Issue(string name, string? eku = ClientAuth, int fromDays = -10, int toDays = 100, byte[]? serial = null) =>
        Issue(name, eku, fromDays, toDays, serial, _ => { });

    public X509Certificate2 Issue(string name, string? eku, int fromDays, int toDays, byte[]? serial, Action<CertificateRequest> more)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        if (eku is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(eku)], critical: false));
        more(request);
        using var certificate = Sign(request, fromDays, toDays, serial);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>What a TLS client shows: its certificate and, where it sends them, the CAs between.</summary>
    public static SslStreamCertificateContext Shown(X509Certificate2 certificate, params X509Certificate2[] between) =>
        SslStreamCertificateContext.Create(certificate, [.. between], offline: true);

    private X509Certificate2 Sign(CertificateRequest request, int fromDays, int toDays, byte[]? serial = null) =>
        request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), In(fromDays), In(toDays), serial
            ?? [0x10, .. RandomNumberGenerator.GetBytes(8)]);

    private static CertificateRequest CaRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request;
    }

    private static DateTimeOffset In(int days) => DateTimeOffset.UtcNow.AddDays(days);
}
