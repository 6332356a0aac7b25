using Certctl.Api.Configuration.Scep;
using Certctl.Api.Hosting.Startup;
using Certctl.Api.Rest.Access;
using Certctl.Infrastructure.Compliance;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// What this server shows to other servers, and whom it believes there: compliance services and the OpenID Connect issuer.
/// </summary>
/// <param name="oidc">Null where no tokens are taken.</param>
/// <param name="keys">Likewise.</param>
internal sealed class OutboundParts(ProfileRuntimes profiles, OidcChannel? oidc, OidcKeys? keys)
{
    public IEnumerable<ReloadablePart> All =>
    [
        .. profiles.All.Where(profile => profile.Compliance is not null).SelectMany(OfCompliance),
        .. oidc is null ? Array.Empty<ReloadablePart>() : [new ReloadablePart("oidc_ca", null, OidcRoots)],
    ];

    private static IEnumerable<ReloadablePart> OfCompliance(ProfileRuntime profile)
    {
        var (pathId, hook) = (profile.PathId, profile.Compliance!);
        yield return new ReloadablePart("compliance_token", pathId, (part, reading) => Token(part, reading, hook));
        if (profile.Options.Compliance!.ClientCertificate is not null)
            yield return new ReloadablePart("compliance_client", pathId, (part, reading) => Client(part, reading, hook));
        if (profile.Options.Compliance.CaPath is not null)
            yield return new ReloadablePart("compliance_ca", pathId, (part, reading) => Roots(part, reading, hook));
    }

    private static StagedPart Token(StagedPart part, ReloadReading reading, HttpComplianceHook hook)
    {
        var pathId = part.Part.PathId!;
        if (reading.ProblemsOf(ScepProfileReader.PrefixOf(pathId) + "COMPLIANCE_BEARER_TOKEN") is { Count: > 0 } problems)
            return part.Refuse(problems);
        return reading.Profile(pathId).Compliance?.BearerToken is { } token && hook.ShowsOtherThan(token)
            ? part.Exchange(PartChange.OfSecret, () => hook.Exchange(token))
            : part;
    }

    private static StagedPart Client(StagedPart part, ReloadReading reading, HttpComplianceHook hook)
    {
        var checks = new List<PreflightCheck>();
        var profile = reading.Profile(part.Part.PathId!);
        var pair = Preflight.LoadComplianceClient(profile, reading.Options.KeyPassphrase, reading.Now, checks);
        part = part.Judge(checks);
        if (part.Problems.Count > 0 || pair is null)
            return part;
        var before = hook.Client!;
        var change = PartChange.Between([before.Certificate, .. before.Chain], [pair.Certificate, .. pair.Chain]);
        return change is null ? part : part.Exchange(change, hook.StageClient(pair));
    }

    private static StagedPart Roots(StagedPart part, ReloadReading reading, HttpComplianceHook hook)
    {
        var checks = new List<PreflightCheck>();
        var roots = Preflight.LoadComplianceRoots(reading.Profile(part.Part.PathId!), reading.Now, checks);
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
