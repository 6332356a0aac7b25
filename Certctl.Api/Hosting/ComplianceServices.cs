using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Compliance;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Enrolments.Compliance;
using Certctl.Infrastructure.Compliance;

namespace Certctl.Api.Hosting;

/// <summary>The compliance services of all SCEP and EST profiles, made of checked options and checked material.</summary>
internal sealed class ComplianceServices(CertctlOptions options, PreflightMaterial material, ILogger<HttpComplianceHook> logger)
    : IDisposable
{
    private readonly List<(ComplianceEndpoint Endpoint, HttpComplianceHook Hook)> _all =
    [
        .. ComplianceEndpoint.Of(options).Select(endpoint => (
            endpoint,
            new HttpComplianceHook(Settings(endpoint.Service, material.Compliance[(endpoint.Naming, endpoint.PathId)]), logger))),
    ];

    /// <summary>What a reload exchanges; options as at the start.</summary>
    public IReadOnlyList<(ComplianceEndpoint Endpoint, HttpComplianceHook Hook)> All => _all;

    /// <summary>Of a profile; where it has no service, none is asked.</summary>
    public CompliancePolicy PolicyOf(EndpointNaming naming, string pathId) =>
        _all.Where(service => service.Endpoint.Naming == naming && service.Endpoint.PathId == pathId)
            .Select(service => new CompliancePolicy(service.Hook, service.Endpoint.Service.OnError))
            .FirstOrDefault(CompliancePolicy.None);

    public void Dispose()
    {
        foreach (var (_, hook) in _all)
            hook.Dispose();
    }

    private static ComplianceSettings Settings(ComplianceOptions options, ComplianceMaterial material) => new(
        options.Url,
        material.Client is { } pair
            ? new ComplianceCredential.ClientCertificate(pair)
            : new ComplianceCredential.Bearer(options.BearerToken!),
        options.Timeout)
    {
        Roots = material.Roots,
    };
}
