using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Intune;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting.Startup;

/// <summary>Keys and certificates as read and checked once; what was checked is what is used.</summary>
/// <param name="Address">To listen on.</param>
/// <param name="Tls">The server's own.</param>
/// <param name="Ca">The issuing CA.</param>
/// <param name="RaPairs">RA pairs by PathID.</param>
/// <param name="ClientCas">CAs of client certificates by PathID, of the profiles that are served at <c>/scep-mtls</c>.</param>
internal sealed record PreflightMaterial(
    IPAddress Address,
    KeyPair Tls,
    KeyPair Ca,
    IReadOnlyDictionary<string, IReadOnlyList<KeyPair>> RaPairs,
    IReadOnlyDictionary<string, IReadOnlyList<X509Certificate2>> ClientCas)
{
    /// <summary>
    /// The union of the bundles, and the CA itself where EST renews its certificates: what the listener names to clients.
    /// </summary>
    public IReadOnlyCollection<X509Certificate2> AllClientCas =>
    [
        .. ClientCas.Values.Concat(EstClientCas.Values).SelectMany(cas => cas).Concat(RenewedBy).DistinctBy(ca => ca.Thumbprint),
    ];

    /// <summary>CAs of client certificates by label, of the EST profiles that take any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<X509Certificate2>> EstClientCas { get; init; } =
        new Dictionary<string, IReadOnlyList<X509Certificate2>>();

    /// <summary>The CAs whose certificates EST renews; empty where it is off.</summary>
    public IReadOnlyList<X509Certificate2> RenewedBy { get; init; } = [];

    /// <summary>Of the profiles of SCEP and EST that have a compliance service.</summary>
    public IReadOnlyDictionary<(EndpointNaming Naming, string PathId), ComplianceMaterial> Compliance { get; init; } =
        new Dictionary<(EndpointNaming Naming, string PathId), ComplianceMaterial>();

    /// <summary>Of the OpenID Connect issuer's TLS certificate; empty: those of this machine.</summary>
    public IReadOnlyList<X509Certificate2> OidcRoots { get; init; } = [];

    /// <summary>Null when no next CA is staged.</summary>
    public NextCaMaterial? Next { get; init; }

    /// <summary>CAs that issued before.</summary>
    public IReadOnlyList<RetiredCaMaterial> Retired { get; init; } = [];

    /// <summary>What the URLs in certificates begin with that no setting names; null: they have none.</summary>
    public string? PublicationUrl { get; init; }

    /// <summary>There are delta CRLs.</summary>
    public bool PublishesDeltas { get; init; }

    /// <summary>Connectors by PathID, of the profiles that take signed challenges.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ConnectorAnchor>> Connectors { get; init; } =
        new Dictionary<string, IReadOnlyList<ConnectorAnchor>>();
}

/// <summary>Result of one check before the start, as it is printed.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Problems">Each forbids the start; with the remedy.</param>
/// <param name="Warnings">Each should be known.</param>
internal sealed record PreflightCheck(string Name, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);

/// <summary>Looks into the files that the configuration names. Everything is looked at, whatever the first one says.</summary>
internal static partial class Preflight
{
    public static (PreflightMaterial? Material, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Load(
        CertctlOptions options, DateTimeOffset now)
    {
        var (material, checks) = Run(options, now);
        return (
            material,
            [.. checks.SelectMany(check => check.Problems.Select(problem => $"{check.Name}: {problem}"))],
            [.. checks.SelectMany(check => check.Warnings.Select(warning => $"{check.Name}: {warning}"))]);
    }

    /// <summary>The material when no check found a problem, and every check with what it found.</summary>
    public static (PreflightMaterial? Material, IReadOnlyList<PreflightCheck> Checks) Run(CertctlOptions options, DateTimeOffset now)
    {
        var checks = new List<PreflightCheck>();
        var passphrase = options.KeyPassphrase;
        var address = Resolve(options.Server.Host);
        if (address is null)
            checks.Add(new PreflightCheck(
                "listen address",
                [$"{options.Server.Host} is no IP address and resolves to none; set CERTCTL_SERVER_HOST to an address of this machine"],
                []));
        var tls = LoadTls(options, now, checks);
        var ca = Load("CA", options.Ca.CertPath, options.Ca.KeyPath, passphrase, checks, pair => Split(LocalCaIssuer.Check(pair, now)));
        var rings = options.ScepProfiles.DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
            profile => profile.PathId,
            IReadOnlyList<KeyPair> (profile) => LoadRing(profile, ca, passphrase, now, checks));
        foreach (var legacy in options.ScepProfiles.Where(
            profile => profile.CryptoPolicy == CryptoPolicy.Legacy && rings[profile.PathId].Count > 0))
            checks.Add(LegacyCheck.Run(legacy, rings[legacy.PathId][0]));
        var next = LoadNext(options, ca, rings, now, checks);
        var retired = LoadRetired(options, [.. new[] { ca, next?.Ca }.OfType<KeyPair>().Select(NameOf)], now, checks);
        var clientCas = options.ScepProfiles.Where(profile => profile.MtlsBundlePath is not null)
            .DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
                profile => profile.PathId,
                profile => LoadBundle(NameOf(profile.PathId), profile.MtlsBundlePath!, now, checks));
        var connectors = options.ScepProfiles.Where(profile => profile.Intune is { BundlePath.Length: > 0 })
            .DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
                profile => profile.PathId,
                profile => LoadConnectors(profile.PathId, profile.Intune!.BundlePath, now, checks));
        var estClientCas = LoadEstBundles(options, now, checks);
        var compliance = LoadCompliance(options, now, checks);
        var oidcRoots = LoadOidcRoots(options.Api.Oidc, now, checks);
        CheckResponderFolder(options.Publication.ResponderKeyDir, checks);
        var publicationUrl = tls is null ? null : FindPublicationUrl(options, tls.Certificate, checks);
        return checks.All(check => check.Problems.Count == 0) && address is not null && tls is not null && ca is not null
            ? (
                new PreflightMaterial(address, tls, ca, rings, clientCas)
                {
                    Next = next,
                    Retired = retired,
                    PublicationUrl = publicationUrl,
                    PublishesDeltas = options.Publication.CrlDeltaValidity is not null,
                    Connectors = connectors,
                    Compliance = compliance,
                    OidcRoots = oidcRoots,
                    EstClientCas = estClientCas,
                    RenewedBy = options.EstProfiles.Count > 0 ? [ca.Certificate] : [],
                },
                checks)
            : (null, checks);
    }

    /// <summary>The address of a host that is one, or whose name has one; null when there is none.</summary>
    public static IPAddress? Resolve(string host)
    {
        try
        {
            return IPAddress.TryParse(host, out var address) ? address : Dns.GetHostAddresses(host).FirstOrDefault();
        }
        catch (SocketException)
        {
            // The resolver's word for "no such name".
            return null;
        }
    }

    public static KeyPair? LoadTls(CertctlOptions options, DateTimeOffset now, List<PreflightCheck> checks) =>
        Load("TLS certificate", options.Server.TlsCertPath, options.Server.TlsKeyPath, options.KeyPassphrase, checks, pair => CheckTls(
            pair, now));

    /// <summary>
    /// The usable RA pairs of a profile; those that a reload may put to use where <paramref name="checks"/> holds no problem.
    /// </summary>
    public static IReadOnlyList<KeyPair> LoadRing(
        ScepProfileOptions profile, KeyPair? ca, Secret? passphrase, DateTimeOffset now, List<PreflightCheck> checks) =>
        LoadRing($"{NameOf(profile.PathId)}, RA pair", profile.RaPairs, profile.CaCertificates, ca, passphrase, now, checks);

    private static List<KeyPair> LoadRing(
        string name,
        IReadOnlyList<RaPairPaths> paired,
        CaCertificateShape shape,
        KeyPair? ca,
        Secret? passphrase,
        DateTimeOffset now,
        List<PreflightCheck> checks)
    {
        // An expired pair among several only waits to be removed; a profile without any valid one cannot answer.
        var several = paired.Count > 1;
        var pairs = paired
            .Select(paths => Load(
                $"{name} {paths.CertPath}", paths.CertPath, paths.KeyPath, passphrase, checks, pair => CheckRa(pair, ca, several, now)))
            .OfType<KeyPair>()
            .ToList();
        var valid = pairs.Where(
            pair => now >= pair.Certificate.NotBefore.ToUniversalTime() && now < pair.Certificate.NotAfter.ToUniversalTime()).ToList();
        if (several && valid.Count == 0)
            checks.Add(new PreflightCheck(name, ["none of the RA certificates is valid now; issue a new one"], []));
        var usable = several ? valid : pairs;
        CheckTogether(name, usable, shape, ca, checks);
        return usable;
    }

    /// <param name="endpoint">As checks name it.</param>
    public static IReadOnlyList<X509Certificate2> LoadBundle(string endpoint, string path, DateTimeOffset now, List<PreflightCheck> checks)
    {
        var (anchors, problems, warnings) = TrustBundle.Load(path, now);
        checks.Add(new PreflightCheck($"{endpoint}, mTLS trust bundle {path}", problems, warnings));
        return anchors;
    }

    public static IReadOnlyList<ConnectorAnchor> LoadConnectors(string pathId, string path, DateTimeOffset now, List<PreflightCheck> checks)
    {
        var (anchors, problems, warnings) = ConnectorBundle.Load(path, now);
        checks.Add(new PreflightCheck($"{NameOf(pathId)}, Intune trust anchors {path}", problems, warnings));
        return anchors;
    }

    public static string NameOf(string pathId, string protocol = "SCEP") =>
        $"{protocol} profile {(pathId.Length == 0 ? "<root>" : $"\"{pathId}\"")}";

    private static KeyPair? Load(
        string name, string certPath, string keyPath, Secret? passphrase, List<PreflightCheck> checks,
        Func<KeyPair, (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings)> check)
    {
        // A path that is not set is the configuration's problem, and told there.
        if (certPath.Length == 0 || keyPath.Length == 0)
            return null;
        var (pair, unreadable) = KeyFiles.LoadPair(certPath, keyPath, passphrase);
        var (problems, warnings) = pair is null ? (unreadable, []) : check(pair);
        checks.Add(new PreflightCheck(name, problems, warnings));
        return pair;
    }

    private static (
        IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) CheckRa(KeyPair pair, KeyPair? ca, bool several, DateTimeOffset now)
    {
        var certificate = pair.Certificate;
        var outside = now >= certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime();
        if (several && outside)
            return ([], [$"it is outside its validity ({certificate.NotBefore.ToUniversalTime():O} to "
                + $"{certificate.NotAfter.ToUniversalTime():O}) and is not used"]);
        return RaPairCheck.Check(pair, ca is null ? [] : LocalCaIssuer.ChainOf(ca, now), now);
    }

    private static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) CheckTls(KeyPair pair, DateTimeOffset now)
    {
        var problems = new List<string>();
        var warnings = new List<string>();
        var certificate = pair.Certificate;
        if (now < certificate.NotBefore.ToUniversalTime())
            problems.Add($"it is not valid before {certificate.NotBefore.ToUniversalTime():O}; check the clock");
        if (now >= certificate.NotAfter.ToUniversalTime())
            problems.Add($"it expired at {certificate.NotAfter.ToUniversalTime():O}; issue a new one");
        else if (ExpiryRule.IsSoon(certificate.NotAfter.ToUniversalTime(), now))
            warnings.Add($"it expires at {certificate.NotAfter.ToUniversalTime():O}; renew it and send SIGHUP");
        if (certificate.Extensions["2.5.29.17"] is null)
            warnings.Add("it has no subjectAltName; clients will not accept it for any host name");
        return (problems, warnings);
    }

    private static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Split(IReadOnlyList<string> findings)
    {
        var warnings = findings.Where(finding => finding.StartsWith(LocalCaIssuer.Warning, StringComparison.Ordinal)).ToList();
        return ([.. findings.Except(warnings)], [.. warnings.Select(warning => warning[LocalCaIssuer.Warning.Length..])]);
    }
}
