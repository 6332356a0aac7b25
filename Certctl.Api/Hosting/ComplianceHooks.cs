using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Compliance;

namespace Certctl.Api.Hosting;

/// <summary>The compliance hook of each SCEP profile, for as long as the server runs.</summary>
internal sealed class ComplianceHooks : IDisposable
{
    private readonly Dictionary<string, HttpComplianceHook> _hooks;

    public ComplianceHooks(
        CertctlOptions options, IReadOnlyDictionary<string, ComplianceMaterial> materials, ILogger<HttpComplianceHook> logger) =>
        _hooks = options.ScepProfiles.Where(profile => profile.Compliance is not null).ToDictionary(
            profile => profile.PathId,
            profile => new HttpComplianceHook(Settings(profile.Compliance!, materials[profile.PathId]), logger));

    /// <summary>Of a profile without a service: one that asks no service.</summary>
    public IComplianceHook Of(string pathId) => _hooks.TryGetValue(pathId, out var hook) ? hook : AlwaysCompliant.Instance;

    public bool Differs(string pathId, Secret token) => _hooks.TryGetValue(pathId, out var hook) && hook.ShowsOtherThan(token);

    public void Exchange(string pathId, Secret token)
    {
        if (_hooks.TryGetValue(pathId, out var hook))
            hook.Exchange(token);
    }

    public void Dispose()
    {
        foreach (var hook in _hooks.Values)
            hook.Dispose();
    }

    private static ComplianceSettings Settings(ComplianceOptions options, ComplianceMaterial material) => new(
        options.Url,
        material.Client is { } pair ? new ComplianceCredential.ClientCertificate(pair) : new ComplianceCredential.Bearer(options.BearerToken!),
        options.Timeout)
    {
        Roots = material.Roots,
    };
}
