using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Compliance;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Rest.Access;
using Certctl.Infrastructure.Compliance;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>
/// What this server shows to other servers, and whom it believes there: compliance services and the OpenID Connect issuer.
/// </summary>
/// <param name="oidc">Null where no tokens are taken.</param>
/// <param name="keys">Likewise.</param>
internal sealed class OutboundParts(ComplianceServices services, OidcChannel? oidc, OidcKeys? keys)
{
    public IEnumerable<ReloadablePart> All =>
    [
        .. services.All.SelectMany(service => OfCompliance(service.Endpoint, service.Hook)),
        .. oidc is null ? Array.Empty<ReloadablePart>() : [new ReloadablePart("oidc_ca", null, OidcRoots)],
    ];

    // SCEP's and EST's profile of one path have parts of their own.
    private static IEnumerable<ReloadablePart> OfCompliance(ComplianceEndpoint endpoint, HttpComplianceHook hook)
    {
        var name = endpoint.Naming == EndpointNaming.Est ? "est_compliance" : "compliance";
        yield return Part("token", Token);
        if (endpoint.Service.ClientCertificate is not null)
            yield return Part("client", Client);
        if (endpoint.Service.CaPath is not null)
            yield return Part("ca", Roots);

        ReloadablePart Part(
            string what, Func<StagedPart, ReloadReading, HttpComplianceHook, EndpointNaming, StagedPart> stage) =>
            new($"{name}_{what}", endpoint.PathId, (part, reading) => stage(part, reading, hook, endpoint.Naming));
    }

    private static StagedPart Token(StagedPart part, ReloadReading reading, HttpComplianceHook hook, EndpointNaming naming)
    {
        var pathId = part.Part.PathId!;
        if (reading.ProblemsOf(naming.PrefixOf(pathId) + "COMPLIANCE_BEARER_TOKEN") is { Count: > 0 } problems)
            return part.Refuse(problems);
        return reading.Compliance(naming, pathId)?.Service.BearerToken is { } token && hook.ShowsOtherThan(token)
            ? part.Exchange(PartChange.OfSecret, () => hook.Exchange(token))
            : part;
    }

    private static StagedPart Client(StagedPart part, ReloadReading reading, HttpComplianceHook hook, EndpointNaming naming)
    {
        if (reading.Compliance(naming, part.Part.PathId!) is not { } endpoint)
            return part;
        var checks = new List<PreflightCheck>();
        var pair = Preflight.LoadComplianceClient(endpoint, reading.Options.KeyPassphrase, reading.Now, checks);
        part = part.Judge(checks);
        if (part.Problems.Count > 0 || pair is null)
            return part;
        var before = hook.Client!;
        var change = PartChange.Between([before.Certificate, .. before.Chain], [pair.Certificate, .. pair.Chain]);
        return change is null ? part : part.Exchange(change, hook.StageClient(pair));
    }

    private static StagedPart Roots(StagedPart part, ReloadReading reading, HttpComplianceHook hook, EndpointNaming naming)
    {
        if (reading.Compliance(naming, part.Part.PathId!) is not { } endpoint)
            return part;
        var checks = new List<PreflightCheck>();
        var roots = Preflight.LoadComplianceRoots(endpoint, reading.Now, checks);
        part = part.Judge(checks);
        return part.Problems.Count == 0 && PartChange.Between(hook.Roots, roots) is { } change
            ? part.Exchange(change, () => hook.ExchangeRoots(roots))
            : part;
    }

    private StagedPart OidcRoots(StagedPart part, ReloadReading reading)
    {
        var checks = new List<PreflightCheck>();
        var roots = Preflight.LoadOidcRoots(reading.Options.Api.Oidc, reading.Now, checks);
        part = part.Judge(checks);
        return part.Problems.Count == 0 && PartChange.Between(oidc!.Roots, roots) is { } change
            ? part.Exchange(change, () =>
            {
                oidc.Exchange(roots);
                keys!.Restart();
            })
            : part;
    }
}
