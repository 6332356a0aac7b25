using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Conformance;
using Xunit;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// One server whose issuing CA stands below a root and may be its own RA, with a SCEP profile for each shape. "own" profiles have the CA
/// for an RA, "pair" has an RA of two certificates, the others one for both uses.
/// </summary>
public sealed class ShapedProfiles : IAsyncLifetime
{
    internal const string Challenge = "the challenge of every profile here";

    /// <summary>Every profile with what it sets.</summary>
    private static readonly Dictionary<string, (string Name, string Value)[]> Profiles = new()
    {
        ["plain"] = [],
        ["pair"] = [("REPLY_CHAIN", "chain"), ("EXTRA_CAPABILITIES", "SHA-384")],
        ["apple"] = [("CLIENT_PRESET", "apple")],
        ["windows"] = [("CLIENT_PRESET", "intune-windows")],
        ["cisco"] = [("CLIENT_PRESET", "cisco")],
        ["overruled"] = [("CLIENT_PRESET", "cisco"), ("REPLY_CHAIN", "leaf"), ("EXTRA_CAPABILITIES", "SHA-384")],
        ["strongswan"] = [("CLIENT_PRESET", "strongswan")],
        ["own-chain"] = [("GETCACERT", "chain")],
        ["own-issuer"] = [("GETCACERT", "issuer"), ("REPLY_CHAIN", "leaf+issuer")],
    };

    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal X509Certificate2 Root { get; private set; } = null!;

    internal X509Certificate2 Ca { get; private set; } = null!;

    internal X509Certificate2 Ra { get; private set; } = null!;

    internal X509Certificate2 SigningRa { get; private set; } = null!;

    internal X509Certificate2 EncryptionRa { get; private set; } = null!;

    internal string RootFile => TestRa.Paths(Host, "root").Cert;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        using var rootKey = RSA.Create(2048);
        using var caKey = RSA.Create(2048);
        Root = Certificate("CN=Shape Root", rootKey, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, isCa: true, null, rootKey);
        Ca = Certificate(
            "CN=Shape CA", caKey,
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign
                | X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment,
            isCa: true, Root, rootKey);
        TestRa.Write(Host, "root", Root, rootKey);
        TestRa.Write(Host, "ca", Ca, caKey);
        var (caFile, caKeyFile) = TestRa.Paths(Host, "ca");
        await File.AppendAllTextAsync(caFile, "\n" + Root.ExportCertificatePem());
        (Host.Settings["CERTCTL_CA_CERT_PATH"], Host.Settings["CERTCTL_CA_KEY_PATH"]) = (caFile, caKeyFile);
        Ra = Write("ra", X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, caKey);
        SigningRa = Write("ra-sign", X509KeyUsageFlags.DigitalSignature, caKey);
        EncryptionRa = Write("ra-enc", X509KeyUsageFlags.KeyEncipherment, caKey);
        Host.Settings["CERTCTL_SCEP_PROFILES"] = string.Join(',', Profiles.Keys);
        foreach (var (name, settings) in Profiles)
            Set(name, settings);
        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    internal ScepWire Connect(string profile) => Host.Connect("/scep/" + profile);

    private void Set(string name, (string Name, string Value)[] settings)
    {
        var prefix = $"CERTCTL_SCEP_PROFILE_{name.ToUpperInvariant().Replace('-', '_')}_";
        string[] ras = name switch
        {
            // In the order that is wrong: it is the keyUsage that decides.
            "pair" => ["ra-enc", "ra-sign"],
            "own-chain" or "own-issuer" => ["ca"],
            _ => ["ra"],
        };
        Host.Settings[prefix + "ISSUER_ID"] = "iss-local";
        Host.Settings[prefix + "CHALLENGE_PASSWORD"] = Challenge;
        Host.Settings[prefix + "RA_CERT_PATH"] = string.Join(',', ras.Select(ra => TestRa.Paths(Host, ra).Cert));
        Host.Settings[prefix + "RA_KEY_PATH"] = string.Join(',', ras.Select(ra => TestRa.Paths(Host, ra).Key));
        foreach (var (setting, value) in settings)
            Host.Settings[prefix + setting] = value;
    }

    private X509Certificate2 Write(string name, X509KeyUsageFlags usage, RSA caKey)
    {
        using var key = RSA.Create(2048);
        var certificate = Certificate("CN=" + name, key, usage, isCa: false, Ca, caKey);
        TestRa.Write(Host, name, certificate, key);
        return certificate;
    }

    private static X509Certificate2 Certificate(
        string subject, RSA key, X509KeyUsageFlags usage, bool isCa, X509Certificate2? issuer, RSA issuerKey)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (isCa)
            request.CertificateExtensions.Add(
                new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (issuer is not null)
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = DateTimeOffset.UtcNow;
        return request.Create(
            issuer?.SubjectName ?? request.SubjectName,
            X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pkcs1),
            now.AddHours(-1),
            now.AddDays(isCa && issuer is null ? 800 : isCa ? 700 : 300),
            [0x01, .. RandomNumberGenerator.GetBytes(7)]);
    }
}
