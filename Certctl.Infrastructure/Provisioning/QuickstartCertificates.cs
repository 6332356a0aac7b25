using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Infrastructure.Provisioning;

/// <summary>The certificates of a quickstart, made with the platform: once a year, speed does not matter.</summary>
internal static class QuickstartCertificates
{
    private static readonly TimeSpan BackDating = TimeSpan.FromMinutes(5);

    public static AsymmetricAlgorithm NewKey(string kind) => kind switch
    {
        "rsa-2048" => RSA.Create(2048),
        "rsa-3072" => RSA.Create(3072),
        "rsa-4096" => RSA.Create(4096),
        "p-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        "p-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        _ => throw new ArgumentException($"\"{kind}\" is no kind of key.", nameof(kind)),
    };

    /// <summary>
    /// A root for ten years. The name carries random hex, so that two quickstarts on one machine are not taken for each other.
    /// </summary>
    public static X509Certificate2 Ca(AsymmetricAlgorithm key, DateTimeOffset now)
    {
        var request = Request($"CN=Certctl Quickstart CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", key, key);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(KeyIdentifier(request));
        using var certificate = request.Create(
            request.SubjectName, Generator(key), now - BackDating, now.AddYears(10), SerialNumbers.Next());
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }

    /// <summary>
    /// RFC 8894 §2.1.2: signs CertReps and receives nothing. Of the shapes of GetCACert,
    /// a pair is the one that every client tried reads (ADR 11).
    /// </summary>
    public static X509Certificate2 RaThatSigns(AsymmetricAlgorithm key, KeyPair ca, DateTimeOffset now) =>
        Ra("CN=Certctl RA signing", X509KeyUsageFlags.DigitalSignature, key, ca, now);

    /// <summary>RFC 8894 §2.1.2: the other one of the pair, to which requests are encrypted.</summary>
    public static X509Certificate2 RaToEncryptTo(AsymmetricAlgorithm key, KeyPair ca, DateTimeOffset now) =>
        Ra("CN=Certctl RA encryption", X509KeyUsageFlags.KeyEncipherment, key, ca, now);

    private static X509Certificate2 Ra(string subject, X509KeyUsageFlags usage, AsymmetricAlgorithm key, KeyPair ca, DateTimeOffset now)
    {
        var request = Request(subject, key, ca.Key);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        return Sign(request, ca, now);
    }

    public static X509Certificate2 Tls(AsymmetricAlgorithm key, KeyPair ca, DateTimeOffset now)
    {
        var request = Request("CN=localhost", key, ca.Key);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in HostNames())
            names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        return Sign(request, ca, now);
    }

    private static X509Certificate2 Sign(CertificateRequest request, KeyPair ca, DateTimeOffset now)
    {
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(KeyIdentifier(request));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            ca.Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var caEnd = new DateTimeOffset(ca.Certificate.NotAfter.ToUniversalTime());
        var end = now.AddYears(1) < caEnd ? now.AddYears(1) : caEnd;
        using var certificate = request.Create(ca.Certificate.SubjectName, Generator(ca.Key), now - BackDating, end, SerialNumbers.Next());
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }

    // The digest is the signer's: one as strong as its key.
    private static CertificateRequest Request(string subject, AsymmetricAlgorithm key, AsymmetricAlgorithm signer) => key switch
    {
        RSA rsa => new CertificateRequest(subject, rsa, Digest(signer), RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => new CertificateRequest(subject, ecdsa, Digest(signer)),
        _ => throw new ArgumentException("A quickstart key is RSA or ECDSA.", nameof(key)),
    };

    private static HashAlgorithmName Digest(AsymmetricAlgorithm signer) =>
        signer is ECDsa { KeySize: > 256 } ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    private static X509SignatureGenerator Generator(AsymmetricAlgorithm key) => key switch
    {
        RSA rsa => X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => X509SignatureGenerator.CreateForECDsa(ecdsa),
        _ => throw new ArgumentException("A quickstart key is RSA or ECDSA.", nameof(key)),
    };

    private static X509SubjectKeyIdentifierExtension KeyIdentifier(CertificateRequest request) =>
        new(LeafExtensions.KeyIdentifier(request.PublicKey.ExportSubjectPublicKeyInfo()), critical: false);

    // Only what is a DNS name can stand in the certificate; machines are called otherwise too.
    private static IEnumerable<string> HostNames() =>
        new[] { "localhost", Dns.GetHostName(), FullName() }
            .Where(name => name is not null && Uri.CheckHostName(name) == UriHostNameType.Dns)
            .Select(name => name!.ToLowerInvariant())
            .Distinct();

    private static string? FullName()
    {
        try
        {
            return Dns.GetHostEntry(Dns.GetHostName()).HostName;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // A host name that does not resolve has no fully qualified form.
            return null;
        }
    }
}
