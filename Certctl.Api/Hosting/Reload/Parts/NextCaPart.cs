using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Issuers;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>
/// The CA that follows and the RA pairs below it: one part, because they must fit each other. Whether a next CA is staged is decided at the
/// start, since GetCACaps says so.
/// </summary>
internal sealed class NextCaPart(
    PreflightMaterial start,
    LocalCaSettings settings,
    ProfileRuntimes runtimes,
    IssuerRegistry issuers,
    CrlPublisher crls,
    TimeProvider clock)
{
    private NextCaMaterial? _current = start.Next;

    /// <summary>Empty where none is staged.</summary>
    public IEnumerable<ReloadablePart> All => _current is null ? [] : [new ReloadablePart("next_ca", null, Stage)];

    // The RA pairs in use are read before it: it must not share a key with what they become.
    private StagedPart Stage(StagedPart part, ReloadReading reading)
    {
        var checks = new List<PreflightCheck>();
        var next = Preflight.LoadNext(reading.Options, start.Ca, reading.RaPairs, reading.Now, checks);
        part = part.Judge(checks);
        if (part.Problems.Count > 0)
            return part;
        if (next is null)
            return part.RefuseUntilRestart("the settings name no next CA any more; to serve without one, restart the server");
        var change = new PartChange(Names(_current!), Names(next));

        // Which profile has which RA counts, too: two of them may have changed places.
        if (change.Before == change.After && runtimes.All.All(profile => HasPairsOf(profile, next)))
            return part;

        // With its RA pairs alone exchanged it stays: its CRL and its OCSP responder go with it.
        var isSame = PartChange.Between(CaCertificates(_current!), CaCertificates(next)) is null;
        var issuer = isSame ? (LocalCaIssuer)issuers.Default.Next! : new LocalCaIssuer(next.Ca, settings, clock);
        var published = LocalCaIssuer.PublishedOf(next.Ca, reading.Now);
        var rings = runtimes.All.ToDictionary(
            profile => profile, profile => new RaKeyRing(next.RaPairs[profile.PathId], published, profile.Options.CaCertificates));
        return part.Exchange(change, () => Exchange(next, issuer, rings));
    }

    private void Exchange(NextCaMaterial next, LocalCaIssuer issuer, Dictionary<ProfileRuntime, RaKeyRing> rings)
    {
        var old = (LocalCaIssuer)issuers.Default.Next!;
        issuers.Default.ExchangeNext(issuer);
        foreach (var (profile, ring) in rings)
        {
            profile.Next!.Exchange(ring);
            profile.NextRaPairs = next.RaPairs[profile.PathId];
        }

        if (old.KeyId != issuer.KeyId)
            crls.Forget(old);
        _current = next;
    }

    private static bool HasPairsOf(ProfileRuntime profile, NextCaMaterial next) => PartChange.Between(
        profile.NextRaPairs.Select(pair => pair.Certificate), next.RaPairs[profile.PathId].Select(pair => pair.Certificate)) is null;

    private static string Names(NextCaMaterial next) => PartChange.Sorted(Certificates(next).Select(PartChange.Sha256));

    private static IEnumerable<X509Certificate2> CaCertificates(NextCaMaterial next) => next.Ca.Chain.Prepend(next.Ca.Certificate);

    private static IEnumerable<X509Certificate2> Certificates(NextCaMaterial next) =>
        [.. CaCertificates(next), .. next.RaPairs.Values.SelectMany(pairs => pairs).Select(pair => pair.Certificate)];
}
