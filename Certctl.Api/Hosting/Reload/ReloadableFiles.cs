using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Intune;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// What is read from files of certificates and keys: the TLS pair, and for each SCEP profile the RA pairs, the mTLS trust bundle and the
/// connectors. The CA is not among them: another CA is another server.
/// </summary>
internal sealed class ReloadableFiles(
    PreflightMaterial start,
    ServerCertificate certificate,
    IReadOnlyDictionary<string, RaKeyRing> rings,
    IReadOnlyDictionary<string, BundleTrust> trusts,
    IReadOnlyDictionary<string, FileTrustAnchors> anchors)
{
    public const string Connectors = "intune_trust";

    public IEnumerable<StagedPart> Stage(CertctlOptions options, DateTimeOffset now)
    {
        var parts = new List<StagedPart>();
        var clientCas = new List<X509Certificate2>();
        foreach (var profile in options.ScepProfiles)
        {
            if (rings.TryGetValue(profile.PathId, out var ring))
                parts.Add(RaPairs(profile, ring, options, now));
            if (profile.MtlsBundlePath is { } bundle && trusts.TryGetValue(profile.PathId, out var trust))
                parts.Add(ClientCas(profile.PathId, bundle, trust, clientCas, now));
            if (profile.Intune is { BundlePath: { Length: > 0 } path } && anchors.TryGetValue(profile.PathId, out var connectors))
                parts.Add(ConnectorsOf(profile.PathId, path, connectors, now));
        }

        // The listener names the CAs of all bundles, whether or not its own pair can be used.
        parts.Add(Tls(options, [.. clientCas.DistinctBy(ca => ca.Thumbprint)], now));
        return parts;
    }

    private StagedPart Tls(CertctlOptions options, IReadOnlyCollection<X509Certificate2> clientCas, DateTimeOffset now)
    {
        var checks = new List<PreflightCheck>();
        var pair = Preflight.LoadTls(options, now, checks);
        var part = Judged("tls", null, checks, Exchange) with
        {
            Change = pair is null ? null : StagedPart.Fingerprints(certificate.Fingerprint, ServerCertificate.FingerprintOf(pair)),
        };
        return part.Problems.Count == 0 ? part : part with { Commit = certificate.StageClientCas(clientCas) };

        Action Exchange() => certificate.Stage(pair ?? throw new ArgumentException("no TLS certificate is named"), clientCas);
    }

    private StagedPart RaPairs(ScepProfileOptions profile, RaKeyRing ring, CertctlOptions options, DateTimeOffset now)
    {
        var checks = new List<PreflightCheck>();
        var pairs = Preflight.LoadRing(profile, start.Ca, options.KeyPassphrase, now, checks);
        return Judged("ra_pairs", profile.PathId, checks, () => ring.Stage(pairs)) with
        {
            Change = StagedPart.Fingerprints(ring.Fingerprints, Hashes(pairs.Select(pair => pair.Certificate))),
        };
    }

    private static StagedPart ClientCas(string pathId, string path, BundleTrust trust, List<X509Certificate2> union, DateTimeOffset now)
    {
        var checks = new List<PreflightCheck>();
        var cas = Preflight.LoadBundle(pathId, path, now, checks);
        var before = trust.Anchors;
        var part = Judged("mtls_trust", pathId, checks, () => trust.Stage(cas)) with { Change = StagedPart.Fingerprints(Hashes(before), Hashes(cas)) };
        union.AddRange(part.Problems.Count == 0 ? cas : before);
        return part;
    }

    private static StagedPart ConnectorsOf(string pathId, string path, FileTrustAnchors anchors, DateTimeOffset now)
    {
        var checks = new List<PreflightCheck>();
        var connectors = Preflight.LoadConnectors(pathId, path, now, checks);
        return Judged(Connectors, pathId, checks, () => anchors.Stage(connectors)) with
        {
            Change = StagedPart.Fingerprints(Names(anchors.All.Select(anchor => anchor.Sha256)), Names(connectors.Select(connector => connector.Anchor.Sha256))),
        };
    }

    // Everything is made before anything is exchanged; what cannot be made is refused like a file that cannot be read.
    private static StagedPart Judged(string name, string? pathId, List<PreflightCheck> checks, Func<Action> stage)
    {
        string[] problems = [.. checks.SelectMany(check => check.Problems.Select(problem => $"{check.Name}: {problem}"))];
        string[] warnings = [.. checks.SelectMany(check => check.Warnings.Select(warning => $"{check.Name}: {warning}"))];
        if (problems.Length > 0)
            return new StagedPart(name, pathId) { Problems = problems, Warnings = warnings };
        try
        {
            return new StagedPart(name, pathId) { Commit = stage(), Warnings = warnings };
        }
        catch (ArgumentException unusable)
        {
            return StagedPart.Refused(name, pathId, unusable.Message);
        }
        catch (CryptographicException unusable)
        {
            return StagedPart.Refused(name, pathId, unusable.Message);
        }
    }

    private static string Hashes(IEnumerable<X509Certificate2> certificates) => Names(certificates.Select(Hash));

    private static string Names(IEnumerable<string> fingerprints) => string.Join(", ", fingerprints.Order(StringComparer.Ordinal));

    private static string Hash(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
