using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Keys and certificates of the fake server, made once a run.</summary>
internal static class FakePki
{
    private const X509KeyUsageFlags CaUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
    private const X509KeyUsageFlags RaUsage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment;

    private static readonly Lazy<RSA> LazyCaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> LazyRaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> LazyStrangerKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> LazyDeviceKey = new(() => RSA.Create(2048));
    private static readonly Lazy<X509Certificate2> LazyCa = new(() => Make("CN=Fake CA,O=Test", CaKey, null, CaKey, CaUsage, isCa: true));
    private static readonly Lazy<X509Certificate2> LazyRa = new(() => Make("CN=Fake RA,O=Test", RaKey, Ca, CaKey, RaUsage));
    private static readonly Lazy<X509Certificate2> LazyStranger = new(
        () => Make("CN=Stranger", StrangerKey, null, StrangerKey, RaUsage | CaUsage, isCa: true));

    public static RSA CaKey => LazyCaKey.Value;

    public static RSA RaKey => LazyRaKey.Value;

    public static RSA StrangerKey => LazyStrangerKey.Value;

    public static RSA DeviceKey => LazyDeviceKey.Value;

    public static X509Certificate2 Ca => LazyCa.Value;

    public static X509Certificate2 Ra => LazyRa.Value;

    public static X509Certificate2 Stranger => LazyStranger.Value;

    public static DateTimeOffset Now => DateTimeOffset.UtcNow;

    public static X509Certificate2 Make(
        string subject, RSA key, X509Certificate2? issuer, RSA issuerKey, X509KeyUsageFlags? usage, bool isCa = false,
        int firstDay = -1, int lastDay = 400, byte[]? serial = null, int? pathLength = null, X509Extension? alternatives = null) =>
        Make(
            new X500DistinguishedName(subject), new PublicKey(key), issuer?.SubjectName, issuerKey, usage, isCa, firstDay, lastDay, serial,
            pathLength, alternatives);

    public static X509Certificate2 Make(
        X500DistinguishedName subject,
        PublicKey key,
        X500DistinguishedName? issuer,
        RSA issuerKey,
        X509KeyUsageFlags? usage,
        bool isCa = false,
        int firstDay = -1, int lastDay = 400, byte[]? serial = null, int? pathLength = null, X509Extension? alternatives = null)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isCa, pathLength is not null, pathLength ?? 0, critical: true));
        if (usage is { } flags)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(flags, critical: true));
        if (alternatives is not null)
            request.CertificateExtensions.Add(alternatives);
        if (serial is null)
        {
            serial = RandomNumberGenerator.GetBytes(12);
            serial[0] = 0x21;
        }

        return request.Create(
            issuer ?? subject, X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pkcs1), Now.AddDays(firstDay),
            Now.AddDays(lastDay), serial);
    }
}
