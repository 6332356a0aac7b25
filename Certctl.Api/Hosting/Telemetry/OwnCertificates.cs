using Certctl.Api.Hosting.Startup;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Scep;

namespace Certctl.Api.Hosting.Telemetry;

/// <param name="Kind"><c>tls</c>, <c>ra</c>, <c>ca</c>, <c>next_ca</c> or <c>intune_anchor</c>.</param>
/// <param name="PathId">Of the SCEP profile; empty for TLS and for the root profile.</param>
internal sealed record OwnCertificate(string Kind, string PathId, string Subject, DateTimeOffset NotAfter);

/// <summary>The certificates that the server depends on, as they are in use at the moment of the question.</summary>
internal sealed class OwnCertificates(ScepProfileTable profiles, ServerCertificate tls)
{
    public IEnumerable<OwnCertificate> All()
    {
        yield return new("tls", "", tls.Certificate.Subject, tls.Certificate.NotAfter.ToUniversalTime());
        foreach (var (pathId, profile) in profiles.All)
        {
            var ra = profile.Codec.RaCertificate;
            yield return new("ra", pathId, ra.Subject.ToString(), ra.NotAfter);
            yield return new("ca", pathId, profile.Policy.Issuer.Name.ToString(), profile.Policy.Issuer.NotAfter);
            if (profile.Policy.Issuers.Next is { } next)
                yield return new("next_ca", pathId, next.Name.ToString(), next.NotAfter);
            foreach (var anchor in profile.Policy.Find<IntuneChallengeValidator>()?.Anchors.All ?? [])
                yield return new("intune_anchor", pathId, anchor.Subject, anchor.NotAfter);
        }
    }
}
