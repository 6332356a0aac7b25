using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Issuers;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Domain.Profiles;
using Certctl.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>CAs made by the platform's writer with whatever a test wants in them, and leaves that the product makes below them.</summary>
internal static class TestCa
{
    public static readonly DateTimeOffset Now = Requests.Now;
    public static readonly LocalCaSettings Plain = new("iss-local", [], null, null);

    private static readonly Lazy<RSA> RsaCaKey = new(() => RSA.Create(2048));
    private static readonly Lazy<RSA> RsaLeafKey = new(() => RSA.Create(2048));
    private static readonly Lazy<ECDsa> P256Key = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private static readonly Lazy<ECDsa> P384Key = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP384));
    private static readonly Lazy<ECDsa> EcLeafKey = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>One key a kind for the whole run: "rsa", "p-256", "p-384".</summary>
    public static AsymmetricAlgorithm Key(string kind) => kind switch
    {
        "rsa" => RsaCaKey.Value,
        "p-256" => P256Key.Value,
        "p-384" => P384Key.Value,
        _ => throw new ArgumentException(kind),
    };

    public static PublicKeyInfo LeafKey(string kind = "ec")
    {
        var spki = kind == "rsa" ? RsaLeafKey.Value.ExportSubjectPublicKeyInfo() : EcLeafKey.Value.ExportSubjectPublicKeyInfo();
        Assert.True(PublicKeyReader.TryRead(spki, out var key, out var defect), defect);
        return key!;
    }

    /// <summary>The private key to <see cref="LeafKey"/>.</summary>
    public static ECDsa LeafPrivateKey() => ECDsa.Create(EcLeafKey.Value.ExportParameters(includePrivateParameters: true));

    public static KeyPair Root(
        string kind = "p-256",
        string subject = "CN=Test Root,O=Certctl",
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null,
        params X509Extension[] more) =>
        Root(Key(kind), new X500DistinguishedName(subject), notBefore, notAfter, more);

    public static KeyPair Root(
        AsymmetricAlgorithm key,
        X500DistinguishedName subject,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null,
        params X509Extension[] more)
    {
        var request = CaRequest(subject, key, more);
        return new KeyPair(Create(request, subject, key, notBefore, notAfter), key, []);
    }

    /// <summary>A sub-CA; its file holds what is above it in the order given.</summary>
    public static KeyPair Sub(
        KeyPair above, string kind = "p-384", string subject = "CN=Test Sub-CA,O=Certctl", params X509Extension[] more)
    {
        var request = CaRequest(new X500DistinguishedName(subject), Key(kind), more);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            above.Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return new KeyPair(
            Create(request, above.Certificate.SubjectName, above.Key, null, null), Key(kind), [above.Certificate, .. above.Chain]);
    }

    public static LocalCaIssuer Issuer(KeyPair ca, LocalCaSettings? settings = null) =>
        new(ca, settings ?? Plain, new FakeTimeProvider(Now));

    /// <summary>What the default profile of the tests makes of these names.</summary>
    public static CertificateTemplate Template(
        SubjectName? subject = null, IEnumerable<SubjectAltName>? sans = null, string key = "ec", CertificateProfile? profile = null) =>
        (profile ?? Requests.Profile()).Granted(Requests.Csr(LeafKey(key), subject, sans));

    public static IssuedCertificate Issue(this LocalCaIssuer issuer, CertificateTemplate template) =>
        Assert.IsType<IssuerAnswer.Issued>(
            issuer.SignAsync(template, "corp", "SCEP", CancellationToken.None).GetAwaiter().GetResult()).Certificate;

    public static X509Certificate2 Certificate(this IssuedCertificate issued) => X509CertificateLoader.LoadCertificate(issued.Der);

    /// <summary><c>openssl x509 -text</c>.</summary>
    public static string Text(this IssuedCertificate issued)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["leaf"], issued.Der);
        return OpenSsl.Run("x509", "-inform", "DER", "-in", folder["leaf"], "-noout", "-text");
    }

    /// <summary>
    /// <c>openssl verify -x509_strict</c> at the time of the test, with the last certificate of the chain as anchor;
    /// what it says when it refuses.
    /// </summary>
    public static (bool Verifies, string Words) Verify(
        this IssuedCertificate issued, IReadOnlyList<ReadOnlyMemory<byte>> chain, DateTimeOffset? at = null)
    {
        using var folder = new TemporaryFolder();
        var pems = chain.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n").ToList();
        File.WriteAllText(folder["root"], pems[^1]);
        File.WriteAllText(folder["between"], string.Concat(pems[..^1]));
        File.WriteAllText(folder["leaf"], PemEncoding.WriteString("CERTIFICATE", issued.Der));
        List<string> arguments =
        [
            "verify", "-x509_strict", "-check_ss_sig", "-attime", (at ?? Now).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            "-no-CApath", "-no-CAstore", "-CAfile", folder["root"],
        ];
        if (pems.Count > 1)
            arguments.AddRange(["-untrusted", folder["between"]]);
        var (code, output) = OpenSsl.TryRun([.. arguments, folder["leaf"]]);
        return (code == 0, output);
    }

    public static void MustVerify(this IssuedCertificate issued, LocalCaIssuer issuer)
    {
        var (verifies, words) = issued.Verify(issuer.Chain);
        Assert.True(verifies, words);
    }

    /// <summary>The value of an extension, which must be there once and be critical or not.</summary>
    public static byte[] Extension(this X509Certificate2 certificate, string oid, bool critical)
    {
        var extension = Assert.Single(certificate.Extensions, extension => extension.Oid!.Value == oid);
        Assert.Equal(critical, extension.Critical);
        return extension.RawData;
    }

    public static X509Extension TlsFeature(params int[] features)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var feature in features)
                writer.WriteInteger(feature);
        }

        return new X509Extension("1.3.6.1.5.5.7.1.24", writer.Encode(), critical: false);
    }

    private static CertificateRequest CaRequest(X500DistinguishedName subject, AsymmetricAlgorithm key, X509Extension[] more)
    {
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        List<X509Extension> usual =
        [
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true),
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true),
            new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false),
        ];
        foreach (var extension in usual.Where(extension => !more.Any(own => own.Oid!.Value == extension.Oid!.Value))
            .Concat(more).Where(extension => extension.RawData.Length > 0))
            request.CertificateExtensions.Add(extension);
        return request;
    }

    private static X509Certificate2 Create(
        CertificateRequest request,
        X500DistinguishedName issuer,
        AsymmetricAlgorithm issuerKey,
        DateTimeOffset? notBefore,
        DateTimeOffset? notAfter)
    {
        var generator = issuerKey is RSA rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)issuerKey);
        using var certificate = request.Create(
            issuer, generator, notBefore ?? Now.AddYears(-1), notAfter ?? Now.AddYears(10), [0x01, .. RandomNumberGenerator.GetBytes(15)]);
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }
}
