using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Est;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>What EST profiles have to exchange: trust bundles, and the passwords of devices.</summary>
internal sealed class EstParts(CertctlOptions start, EstProfileTable profiles, EstTrusts trusts)
{
    /// <summary>Before the TLS pair, which names their CAs to clients.</summary>
    public IEnumerable<ReloadablePart> Bundles => profiles.All.Keys.Where(pathId => trusts.Find(pathId) is not null)
        .Select(pathId => new ReloadablePart(PartName.EstTrust, pathId, Bundle));

    public IEnumerable<ReloadablePart> Passwords => start.EstProfiles.Where(profile => profile.Password is not null)
        .Select(profile => new ReloadablePart("est_password", profile.PathId, Password));

    private StagedPart Bundle(StagedPart part, ReloadReading reading)
    {
        var trust = trusts.Find(part.Part.PathId!)!;
        var profile = reading.EstProfile(part.Part.PathId!);
        return part.ExchangeBundle(
            reading, trust, Preflight.NameOf(profile.PathId, EstProtocol.Name), profile.MtlsBundlePath ?? "");
    }

    private StagedPart Password(StagedPart part, ReloadReading reading)
    {
        var wanted = reading.EstProfile(part.Part.PathId!);
        var setting = EndpointNaming.Est.PrefixOf(wanted.PathId) + "ENROLLMENT_PASSWORD";
        return part.ExchangeSecrets(
            reading, setting, profiles.All[wanted.PathId].Passwords, wanted.Password, wanted.PreviousPassword);
    }
}
