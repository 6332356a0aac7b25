using Certctl.Api.Hosting.Startup;
using Certctl.Application.Challenges.Static;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Mtls;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>Parts that profiles of every protocol have.</summary>
internal static class SharedParts
{
    /// <summary>Reads a trust bundle again; its CAs, or those that stay, are noted for the listener.</summary>
    /// <param name="endpoint">As checks name it.</param>
    public static StagedPart ExchangeBundle(this StagedPart part, ReloadReading reading, BundleTrust trust, string endpoint, string path)
    {
        var checks = new List<PreflightCheck>();
        var cas = Preflight.LoadBundle(endpoint, path, reading.Now, checks);
        part = part.Judge(checks);
        reading.ClientCas.AddRange(part.Problems.Count == 0 ? cas : trust.Anchors);
        return part.Problems.Count > 0 ? part : part.Exchange(PartChange.Between(trust.Anchors, cas), trust.Stage(cas));
    }

    /// <param name="setting">Of the current secret.</param>
    public static StagedPart ExchangeSecrets(
        this StagedPart part, ReloadReading reading, string setting, StaticChallengeValidator kind, Secret? current, Secret? previous)
    {
        if (reading.ProblemsOf(setting, setting + "_PREVIOUS") is { Count: > 0 } problems)
            return part.Refuse(problems);
        var old = kind.Secrets;
        return Differ(old.Current, current) || Differ(old.Previous, previous)
            ? part.Exchange(PartChange.OfSecret, () => kind.Exchange(current, previous))
            : part;
    }

    public static bool Differ(Secret? before, Secret? after) =>
        before is null ? after is not null : after is null || !before.Matches(after);
}
