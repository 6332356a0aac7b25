using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Admin.Reload;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>
/// What shows who this server is and whom it believes: for each SCEP profile the RA pairs, the mTLS trust bundle and the connectors, then
/// the TLS pair. The CA is not among them: another CA is another server.
/// </summary>
internal sealed class CertificateParts(PreflightMaterial start, ServerCertificate certificate, ProfileRuntimes profiles, EstParts est)
{
    /// <summary>The TLS pair comes after the bundles, whose CAs the listener names to clients.</summary>
    public IEnumerable<ReloadablePart> All =>
    [
        .. profiles.All.Select(profile => new ReloadablePart(
            "ra_pairs", profile.PathId, (part, reading) => RaPairs(part, reading, profile))),
        .. profiles.All.Where(profile => profile.ClientTrust is not null).Select(profile => new ReloadablePart(
            "mtls_trust", profile.PathId, (part, reading) => ClientCas(part, reading, profile))),
        .. profiles.All.Where(profile => profile.Anchors is not null).Select(profile => new ReloadablePart(
            PartName.Connectors, profile.PathId, (part, reading) => Connectors(part, reading, profile))),
        .. est.Bundles,
        new ReloadablePart("tls", null, Tls),
    ];

    private StagedPart RaPairs(StagedPart part, ReloadReading reading, ProfileRuntime profile)
    {
        reading.RaPairs[profile.PathId] = profile.RaPairs;
        var checks = new List<PreflightCheck>();
        var pairs = Preflight.LoadRing(reading.Profile(profile.PathId), start.Ca, reading.Options.KeyPassphrase, reading.Now, checks);
        part = part.Judge(checks);
        foreach (var pair in pairs.Where(pair => profile.NextRaPairs.Any(next => Preflight.SameKey(next, pair))))
        {
            part = part.Refuse(
                [.. part.Problems, $"the RA \"{pair.Certificate.Subject}\" has the key of an RA of the next CA; make it a key of its own"]);
        }

        if (part.Problems.Count > 0)
            return part;
        var exchange = profile.Keys.Stage(pairs);
        reading.RaPairs[profile.PathId] = pairs;
        var change = PartChange.Between(profile.RaPairs.Select(pair => pair.Certificate), pairs.Select(pair => pair.Certificate));
        return part.Exchange(change, () =>
        {
            exchange();
            profile.RaPairs = pairs;
        });
    }

    private static StagedPart ClientCas(StagedPart part, ReloadReading reading, ProfileRuntime profile) => part.ExchangeBundle(
        reading, profile.ClientTrust!, Preflight.NameOf(profile.PathId), profile.Options.MtlsBundlePath!);

    private static StagedPart Connectors(StagedPart part, ReloadReading reading, ProfileRuntime profile)
    {
        var anchors = profile.Anchors!;
        var checks = new List<PreflightCheck>();
        var connectors = Preflight.LoadConnectors(profile.PathId, profile.Options.Intune!.BundlePath, reading.Now, checks);
        part = part.Judge(checks);
        if (part.Problems.Count > 0)
            return part;
        var change = PartChange.Between(
            PartChange.Sorted(anchors.All.Select(anchor => anchor.Sha256)),
            PartChange.Sorted(connectors.Select(connector => connector.Anchor.Sha256)));
        return part.Exchange(change, anchors.Stage(connectors));
    }

    private StagedPart Tls(StagedPart part, ReloadReading reading)
    {
        IReadOnlyCollection<X509Certificate2> clientCas = [.. reading.ClientCas.Concat(start.RenewedBy).DistinctBy(ca => ca.Thumbprint)];
        var checks = new List<PreflightCheck>();
        var pair = Preflight.LoadTls(reading.Options, reading.Now, checks);
        part = part.Judge(checks);

        // The listener names the CAs of all bundles, whether or not its own pair can be used.
        if (part.Problems.Count == 0 && pair is null)
            part = part.Refuse("no TLS certificate is named");
        if (part.Problems.Count > 0 || pair is null)
            return WithClientCas(part);
        var change = PartChange.Between(certificate.Fingerprint, ServerCertificate.FingerprintOf(pair));
        try
        {
            return part.Exchange(change, certificate.Stage(pair, clientCas));
        }
        catch (ArgumentException unusable)
        {
            return WithClientCas(part.Refuse(unusable.Message));
        }
        catch (CryptographicException unusable)
        {
            return WithClientCas(part.Refuse(unusable.Message));
        }

        StagedPart WithClientCas(StagedPart refused) => refused with { Commit = certificate.StageClientCas(clientCas) };
    }
}
