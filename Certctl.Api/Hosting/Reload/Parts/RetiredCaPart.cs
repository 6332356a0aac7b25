using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>The CAs that issued before. How many there are is decided at the start, by settings that are no secret.</summary>
internal sealed class RetiredCaPart(
    PreflightMaterial start, LocalCaSettings settings, IssuerRegistry issuers, CrlPublisher crls, TimeProvider clock)
{
    private IReadOnlyList<RetiredCaMaterial> _current = start.Retired;

    /// <summary>Empty where there is none.</summary>
    public IEnumerable<ReloadablePart> All => _current.Count == 0 ? [] : [new ReloadablePart("retired_cas", null, Stage)];

    private StagedPart Stage(StagedPart part, ReloadReading reading)
    {
        var generations = issuers.Default;
        var taken = new[] { generations.Current, generations.Next }.OfType<IPublishesStatus>().Select(IssuerNames.Of);
        var checks = new List<PreflightCheck>();
        var retired = Preflight.LoadRetired(reading.Options, [.. taken], reading.Now, checks);
        part = part.Judge(checks);
        if (part.Problems.Count > 0 || PartChange.Between(Certificates(_current), Certificates(retired)) is not { } change)
            return part;
        var cas = retired.Select(ca => Find(ca) ?? new RetiredLocalCa(ca.Ca, ca.HasKey, settings, clock)).ToList();
        return part.Exchange(change, () =>
        {
            var gone = generations.Retired.Where(old => !cas.Exists(ca => ca.KeyId == old.KeyId)).ToList();
            generations.ExchangeRetired(cas);
            gone.ForEach(crls.Forget);
            _current = retired;
        });
    }

    // One that is as it was stays: its OCSP responder goes with it.
    private IPublishesStatus? Find(RetiredCaMaterial ca)
    {
        var isHeld = _current.Any(old => old.HasKey == ca.HasKey && PartChange.Between(Certificates([old]), Certificates([ca])) is null);
        var keyId = LocalCaIssuer.KeyIdOf(ca.Ca.Certificate);
        return isHeld ? issuers.Default.Retired.FirstOrDefault(held => held.KeyId == keyId) : null;
    }

    private static IEnumerable<X509Certificate2> Certificates(IEnumerable<RetiredCaMaterial> retired) =>
        retired.SelectMany(ca => ca.Ca.Chain.Prepend(ca.Ca.Certificate));
}
