using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Certctl.Api.Configuration;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Intune;

namespace Certctl.Api.Hosting;

/// <summary>
/// SIGHUP: reads the TLS pair, every RA pair, every mTLS trust bundle and every bundle of connectors again and puts all of them to use, or none: one bad file keeps everything as it
/// is and is named in the log. The CA's own key is not among them; another CA is another server.
/// </summary>
internal sealed partial class SignalReload(
    CertctlOptions options,
    ServerCertificate certificate,
    IReadOnlyDictionary<string, RaKeyRing> rings,
    IReadOnlyDictionary<string, BundleTrust> trusts,
    IReadOnlyDictionary<string, FileTrustAnchors> anchors,
    TrustReloadTrail trail,
    TimeProvider clock,
    ILogger<SignalReload> logger)
    : IHostedService, IDisposable
{
    private readonly Lock _oneAtATime = new();
    private CertctlOptions _options = options;
    private PosixSignalRegistration? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            // The default of SIGHUP is to end the process.
            signal.Cancel = true;
            Reload();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>True when everything was replaced.</summary>
    /// <param name="renewed">From now on the files are those that these options name; null: as before.</param>
    public bool Reload(CertctlOptions? renewed = null)
    {
        lock (_oneAtATime)
        {
            _options = renewed ?? _options;
            var (material, problems, warnings) = Preflight.Load(_options, clock.GetUtcNow());
            foreach (var warning in warnings)
                LogWarning(warning);
            foreach (var problem in problems)
                LogKept(problem);
            var unusable = material is null ? problems : Use(material);
            trail.Begin(unusable);
            return unusable.Count == 0;
        }
    }

    // Why none of it can be used; empty: all of it is.
    private IReadOnlyList<string> Use(PreflightMaterial material)
    {
        try
        {
            // Everything is made before anything is exchanged.
            List<Action> staged =
            [
                certificate.Stage(material.Tls, material.AllClientCas),
                .. material.RaPairs.Select(ra => rings[ra.Key].Stage(ra.Value)),
                .. material.ClientCas.Select(cas => trusts[cas.Key].Stage(cas.Value)),
                .. material.Connectors.Select(connectors => anchors[connectors.Key].Stage(connectors.Value)),
            ];
            staged.ForEach(exchange => exchange());
        }
        catch (ArgumentException unusable)
        {
            LogKept(unusable.Message);
            return [unusable.Message];
        }
        catch (CryptographicException unusable)
        {
            LogKept(unusable.Message);
            return [unusable.Message];
        }

        LogReloaded(material.Tls.Certificate.NotAfter.ToUniversalTime(), rings.Count, trusts.Count, anchors.Count);
        return [];
    }

    public void Dispose() => _registration?.Dispose();

    [LoggerMessage(1, LogLevel.Information, "Reloaded the TLS certificate (valid to {NotAfter:O}), the RA pairs of {Profiles} SCEP profiles, {Bundles} mTLS trust bundles and the connectors of {Intune} SCEP profiles")]
    private partial void LogReloaded(DateTime notAfter, int profiles, int bundles, int intune);

    [LoggerMessage(2, LogLevel.Error, "Reload refused, the old certificates and keys stay in use: {Problem}")]
    private partial void LogKept(string problem);

    [LoggerMessage(3, LogLevel.Warning, "Reload: {Warning}")]
    private partial void LogWarning(string warning);
}
