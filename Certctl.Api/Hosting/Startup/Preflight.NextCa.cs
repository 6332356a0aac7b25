using Certctl.Api.Configuration;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting.Startup;

/// <summary>The staged next CA as read and checked.</summary>
/// <param name="RaPairs">RA pairs below it, by PathID.</param>
internal sealed record NextCaMaterial(KeyPair Ca, IReadOnlyDictionary<string, IReadOnlyList<KeyPair>> RaPairs);

internal static partial class Preflight
{
    // By the same rules as what is in use, and one more: nothing of it may be mistaken for that.
    /// <param name="rings">The RA pairs below the CA in use, by PathID.</param>
    public static NextCaMaterial? LoadNext(
        CertctlOptions options,
        KeyPair? current,
        Dictionary<string, IReadOnlyList<KeyPair>> rings,
        DateTimeOffset now,
        List<PreflightCheck> checks)
    {
        if (options.Ca.Next is not { } paths)
            return null;
        var ca = Load(
            "next CA", paths.CertPath, paths.KeyPath, options.KeyPassphrase, checks, pair => Split(LocalCaIssuer.Check(pair, now)));
        if (ca is not null && current is not null && ca.Certificate.RawData.AsSpan().SequenceEqual(current.Certificate.RawData))
            checks.Add(new PreflightCheck(
                "next CA",
                ["it is the CA in use; stage the one that follows, or unset CERTCTL_CA_NEXT_CERT_PATH and CERTCTL_CA_NEXT_KEY_PATH"],
                []));
        var next = options.ScepProfiles.DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
            profile => profile.PathId,
            IReadOnlyList<KeyPair> (profile) => LoadRing(
                $"{NameOf(profile.PathId)}, next RA pair", profile.NextRaPairs, profile.CaCertificates, ca, options.KeyPassphrase, now,
                checks));
        foreach (var (pathId, pairs) in next)
        {
            foreach (var pair in pairs.Where(pair => rings[pathId].Any(used => SameKey(used, pair))))
                checks.Add(new PreflightCheck("next CA", [$"the next RA \"{pair.Certificate.Subject}\" has the key of an RA in use, "
                    + "so a request to it could be meant for either CA; make it a key of its own"], []));
        }

        return ca is null ? null : new NextCaMaterial(ca, next);
    }

    public static bool SameKey(KeyPair one, KeyPair other) =>
        one.Certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan()
            .SequenceEqual(other.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
}
