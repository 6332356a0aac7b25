using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Intune;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting;

/// <summary>Keys and trust stores of one SCEP profile while the server runs: what a reload exchanges.</summary>
internal sealed class ProfileRuntime(ScepProfileOptions options, IReadOnlyList<KeyPair> raPairs, RaKeyRing keys)
{
    public string PathId => options.PathId;

    /// <summary>As at the start.</summary>
    public ScepProfileOptions Options => options;

    public RaKeyRing Keys => keys;

    /// <summary>The pairs of <see cref="Keys"/>.</summary>
    public IReadOnlyList<KeyPair> RaPairs { get; set; } = raPairs;

    /// <summary>Null unless a next CA is staged.</summary>
    public NextCa? Next { get; init; }

    /// <summary>The pairs of <see cref="Next"/>.</summary>
    public IReadOnlyList<KeyPair> NextRaPairs { get; set; } = [];

    /// <summary>Null: the profile is not served at <c>/scep-mtls</c>.</summary>
    public BundleTrust? ClientTrust { get; init; }

    /// <summary>Null: the profile takes no signed challenges.</summary>
    public FileTrustAnchors? Anchors { get; init; }

    /// <summary>Which service is asked, if any.</summary>
    public required CompliancePolicy Compliance { get; init; }
}

/// <summary>The SCEP profiles of a server, made of checked options and checked material.</summary>
internal sealed class ProfileRuntimes
{
    private readonly Dictionary<string, ProfileRuntime> _byPathId;

    public ProfileRuntimes(CertctlOptions options, PreflightMaterial material, ComplianceServices compliance)
    {
        var now = TimeProvider.System.GetUtcNow();
        var published = LocalCaIssuer.PublishedOf(material.Ca, now);
        var nextPublished = material.Next is { } staged ? LocalCaIssuer.PublishedOf(staged.Ca, now) : [];
        var chain = LocalCaIssuer.ChainOf(material.Ca, now);
        var ownCas = new Dictionary<string, X509Certificate2> { [options.Ca.IssuerId] = material.Ca.Certificate };
        _byPathId = options.ScepProfiles.ToDictionary(profile => profile.PathId, Make, StringComparer.Ordinal);

        ProfileRuntime Make(ScepProfileOptions profile)
        {
            var pathId = profile.PathId;
            var pairs = material.RaPairs[pathId];
            var nextPairs = material.Next?.RaPairs[pathId] ?? [];
            return new ProfileRuntime(profile, pairs, new RaKeyRing(pairs, published, profile.CaCertificates))
            {
                Next = material.Next is null ? null : new NextCa(new RaKeyRing(nextPairs, nextPublished, profile.CaCertificates), chain),
                NextRaPairs = nextPairs,
                ClientTrust = material.ClientCas.TryGetValue(pathId, out var cas) ? new BundleTrust(cas, ownCas) : null,
                Anchors = material.Connectors.TryGetValue(pathId, out var connectors) ? new FileTrustAnchors(connectors) : null,
                Compliance = compliance.PolicyOf(EndpointNaming.Scep, pathId),
            };
        }
    }

    public IReadOnlyCollection<ProfileRuntime> All => _byPathId.Values;

    public ProfileRuntime this[string pathId] => _byPathId[pathId];
}
