using System.Text.Json.Serialization;
using Certctl.Api.Configuration;
using Certctl.Application.Est;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>One row of <c>/admin/est/profiles</c>; names as upstream's, and the modes beside them.</summary>
/// <param name="Counters">Since this process started.</param>
/// <param name="MtlsEnabled">It has a trust bundle.</param>
/// <param name="AuthModes">Of a first enrolment: <c>basic</c>, <c>mtls</c>, <c>challenge</c>, <c>approval</c>, or <c>anonymous</c>.</param>
public sealed record EstProfileRow(
    string PathId,
    string IssuerId,
    string ProfileId,
    IReadOnlyDictionary<string, long> Counters,
    bool MtlsEnabled,
    bool BasicAuthConfigured,
    bool ServerKeygenEnabled,
    IReadOnlyList<string> AuthModes,
    DateTime Now)
{
    /// <summary>The CAs of the bundle that are believed now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TrustAnchorRow>? TrustAnchors { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrustAnchorPath { get; init; }
}

/// <summary>EST profiles as they run, by label. Of the settings only the path of a bundle: no reload changes it.</summary>
internal sealed class EstProfileReport(CertctlOptions start, EstProfileTable profiles, EstCounters counters, TimeProvider clock)
{
    public (IReadOnlyList<EstProfileRow> Rows, DateTimeOffset At) Profiles()
    {
        var now = clock.GetUtcNow();
        var byPath = profiles.All.Values.OrderBy(profile => profile.PathId, StringComparer.Ordinal);
        return ([.. byPath.Select(profile => Row(profile, now))], now);
    }

    private EstProfileRow Row(EstProfile profile, DateTimeOffset now) => new(
        profile.PathId,
        profile.Policy.Issuer.IssuerId,
        profile.Policy.CertificateProfileId,
        counters.Of(profile.PathId),
        profile.ClientTrust is not null,
        profile.Takes(EstAuthModes.Basic),
        profile.ServesServerKeys,
        profile.Modes.ToString().ToLowerInvariant().Split(", "),
        now.UtcDateTime)
    {
        TrustAnchors = profile.ClientTrust is { } trust
            ? [.. trust.Cas.Select(ca => TrustAnchorRow.Of(ca.Subject, ca.NotBefore, ca.NotAfter, now))]
            : null,
        TrustAnchorPath = start.EstProfiles.First(configured => configured.PathId == profile.PathId).MtlsBundlePath,
    };
}
