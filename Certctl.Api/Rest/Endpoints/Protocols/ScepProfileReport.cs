using System.Text.Json.Serialization;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Scep;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Application.Enrolments.Journal;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep;

namespace Certctl.Api.Rest.Endpoints.Protocols;

/// <summary>One row of <c>/admin/scep/profiles</c>; names as upstream's, null where there is nothing.</summary>
public sealed record ScepProfileRow(
    string PathId,
    string IssuerId,
    bool ChallengePasswordSet,
    string RaCertSubject,
    DateTime RaCertNotBefore,
    DateTime RaCertNotAfter,
    int RaCertDaysToExpiry,
    bool RaCertExpired,
    bool MtlsEnabled,
    string? MtlsTrustBundlePath,
    DateTime GeneratedAt)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IntuneSection? Intune { get; init; }
}

/// <summary>How a profile judges signed challenges and how they fare.</summary>
/// <param name="ReplayCacheSize">Used challenges that are remembered now, over all processes.</param>
/// <param name="Counters">Since this process started.</param>
/// <param name="Counters24H">Over all processes, from the audit trail.</param>
public sealed record IntuneSection(
    string TrustAnchorPath,
    IReadOnlyList<TrustAnchorRow> TrustAnchors,
    string? Audience,
    long ChallengeValidityNs,
    long ClockSkewToleranceNs,
    bool RateLimitDisabled,
    int ReplayCacheSize,
    IReadOnlyDictionary<string, long> Counters,
    [property: JsonPropertyName("counters_24h")] IReadOnlyDictionary<string, long> Counters24H);

/// <summary>
/// One row of <c>/admin/scep/intune/stats</c>: upstream's flat shape, member for member and in its order. Members that upstream leaves out
/// are left out, and what is ours stands in <see cref="IntuneSection"/> alone.
/// </summary>
internal sealed record IntuneRow(string PathId, string IssuerId, bool Enabled)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrustAnchorPath { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TrustAnchorRow>? TrustAnchors { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Audience { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long ChallengeValidityNs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long ClockSkewToleranceNs { get; init; }

    public bool RateLimitDisabled { get; init; }

    /// <summary>Used challenges that are remembered now, over all processes.</summary>
    public int ReplayCacheSize { get; init; }

    /// <summary>Since this process started, in the order of their names; empty where signed challenges are not taken.</summary>
    public required IReadOnlyDictionary<string, long> Counters { get; init; }

    public required DateTime GeneratedAt { get; init; }

    public static IntuneRow Of(string pathId, string issuerId, IntuneSection? section, DateTime now) =>
        new(pathId, issuerId, section is not null)
        {
            TrustAnchorPath = section?.TrustAnchorPath,
            TrustAnchors = section is { TrustAnchors.Count: > 0 } ? section.TrustAnchors : null,
            Audience = section?.Audience,
            ChallengeValidityNs = section?.ChallengeValidityNs ?? 0,
            ClockSkewToleranceNs = section?.ClockSkewToleranceNs ?? 0,
            RateLimitDisabled = section?.RateLimitDisabled ?? false,
            ReplayCacheSize = section?.ReplayCacheSize ?? 0,
            Counters = new SortedDictionary<string, long>(
            (section?.Counters ?? new Dictionary<string, long>()).ToDictionary(), StringComparer.Ordinal),
            GeneratedAt = now,
        };
}

/// <summary>SCEP profiles as they run, by path.</summary>
internal sealed class ScepProfileReport(
    CertctlOptions options, ScepProfileTable profiles, IntuneCounters signedChallenges, IAuditRepository audit,
    IEnrolmentRepository enrolments, TimeProvider clock)
{
    private const long NanosecondsPerTick = 100;

    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public async Task<(IReadOnlyList<ScepProfileRow> Rows, DateTimeOffset At)> ProfilesAsync(CancellationToken cancellationToken)
    {
        var seen = await SeenAsync(cancellationToken);
        return ([.. ByPath.Select(profile => Row(profile, seen))], seen.At);
    }

    public async Task<(IReadOnlyList<IntuneRow> Rows, DateTimeOffset At)> IntuneAsync(CancellationToken cancellationToken)
    {
        var seen = await SeenAsync(cancellationToken);
        var rows = ByPath.Select(profile => IntuneRow.Of(profile.PathId, profile.IssuerId, Section(profile, seen), seen.At.UtcDateTime));
        return ([.. rows], seen.At);
    }

    private IEnumerable<ScepProfileOptions> ByPath => options.ScepProfiles.OrderBy(profile => profile.PathId, StringComparer.Ordinal);

    private ScepProfileRow Row(ScepProfileOptions profile, Seen seen)
    {
        var now = seen.At;
        var ra = profiles.All[profile.PathId].Codec.RaCertificate;
        return new ScepProfileRow(
            profile.PathId,
            profile.IssuerId,
            profile.Challenge is not null,
            ra.Subject.CommonName ?? ra.Subject.ToString(),
            ra.NotBefore.UtcDateTime,
            ra.NotAfter.UtcDateTime,
            TrustAnchorRow.Days(ra.NotAfter, now),
            now >= ra.NotAfter,
            profile.MtlsBundlePath is not null,
            profile.MtlsBundlePath,
            now.UtcDateTime)
        { Intune = Section(profile, seen) };
    }

    private IntuneSection? Section(ScepProfileOptions profile, Seen seen)
    {
        if (profile.Intune is not { } intune || profiles.All[profile.PathId].Policy.Find<IntuneChallengeValidator>() is not { } signed)
            return null;
        var counters = signedChallenges.Of(profile.PathId);
        return new IntuneSection(
            intune.BundlePath,
            [.. signed.Anchors.All.Select(anchor => TrustAnchorRow.Of(anchor.Subject, anchor.NotBefore, anchor.NotAfter, seen.At))],
            intune.Audience,
            intune.ChallengeValidity.Ticks * NanosecondsPerTick,
            intune.ClockSkew.Ticks * NanosecondsPerTick,
            intune.PerDeviceLimit == 0,
            seen.Uses.GetValueOrDefault(profile.PathId),
            counters,
            seen.Lately.FirstOrDefault(path => path.PathId == profile.PathId)?.Counts
                ?? counters.Keys.ToDictionary(label => label, _ => 0L, StringComparer.Ordinal));
    }

    private async Task<Seen> SeenAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return new Seen(
            now,
            await IntuneStatistics.SinceAsync(audit, now - Window, cancellationToken),
            await enrolments.CountUsesAsync(cancellationToken));
    }

    /// <summary>What the database says of all profiles.</summary>
    /// <param name="Uses">Used challenges that are remembered, by PathID.</param>
    private sealed record Seen(DateTimeOffset At, IReadOnlyList<IntuneStatistics> Lately, IReadOnlyDictionary<string, int> Uses);
}
