namespace Certctl.Api.Configuration.Compliance;

/// <summary>A SCEP or EST profile that has a compliance service.</summary>
/// <param name="Naming">Of its protocol.</param>
/// <param name="Service">As its settings name it.</param>
internal sealed record ComplianceEndpoint(EndpointNaming Naming, string PathId, ComplianceOptions Service)
{
    /// <summary>Those of both protocols.</summary>
    public static IEnumerable<ComplianceEndpoint> Of(CertctlOptions options) =>
    [
        .. options.ScepProfiles.SelectMany(profile => Of(EndpointNaming.Scep, profile.PathId, profile.Compliance)),
        .. options.EstProfiles.SelectMany(profile => Of(EndpointNaming.Est, profile.PathId, profile.Compliance)),
    ];

    private static IEnumerable<ComplianceEndpoint> Of(EndpointNaming naming, string pathId, ComplianceOptions? service) =>
        service is null ? [] : [new ComplianceEndpoint(naming, pathId, service)];
}
