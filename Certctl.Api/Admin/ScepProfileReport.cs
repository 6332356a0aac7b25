using Certctl.Api.Configuration;
using Certctl.Application.Enrolment;
using Certctl.Application.Intune;
using Certctl.Application.Scep;

namespace Certctl.Api.Admin;

/// <summary>One row of <c>/admin/scep/profiles</c>; names as upstream's, null where there is nothing.</summary>
internal sealed record ScepProfileRow(
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
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public IntuneSection? Intune { get; init; }
}

/// <summary>How a profile judges signed challenges and how they fare.</summary>
/// <param name="ReplayCacheSize">Null: what was used stands in the database, and is not counted for this.</param>
/// <param name="Counters">Since this process started.</param>
/// <param name="Counters24H">Over all processes, from the audit trail.</param>
internal sealed record IntuneSection(
    string TrustAnchorPath,
    IReadOnlyList<TrustAnchorRow> TrustAnchors,
    string? Audience,
    long ChallengeValidityNs,
    long ClockSkewToleranceNs,
    bool RateLimitDisabled,
    int? ReplayCacheSize,
    IReadOnlyDictionary<string, long> Counters,
    [property: System.Text.Json.Serialization.JsonPropertyName("counters_24h")] IReadOnlyDictionary<string, long> Counters24H);

/// <param name="Subject">The common name, or the whole name where there is none.</param>
internal sealed record TrustAnchorRow(string Subject, DateTime NotBefore, DateTime NotAfter, int DaysToExpiry, bool Expired);

/// <summary>One row of <c>/admin/scep/intune/stats</c>: the flat shape, kept beside the nested one.</summary>
internal sealed record IntuneRow(
    string PathId,
    string IssuerId,
    bool Enabled,
    string? TrustAnchorPath,
    IReadOnlyList<TrustAnchorRow>? TrustAnchors,
    string? Audience,
    long? ChallengeValidityNs,
    long? ClockSkewToleranceNs,
    bool? RateLimitDisabled,
    int? ReplayCacheSize,
    IReadOnlyDictionary<string, long> Counters,
    [property: System.Text.Json.Serialization.JsonPropertyName("counters_24h")] IReadOnlyDictionary<string, long> Counters24H,
    DateTime GeneratedAt);

/// <summary>SCEP profiles as they run, by path.</summary>
internal sealed class ScepProfileReport(
    CertctlOptions options, ScepProfileTable profiles, EnrolmentMetrics metrics, IAuditRepository audit, TimeProvider clock)
{
    private const long NanosecondsPerTick = 100;

    private static readonly TimeSpan Window = TimeSpan.FromHours(24);
    private static readonly Dictionary<string, long> Nothing = [];

    public async Task<(IReadOnlyList<ScepProfileRow> Rows, DateTimeOffset At)> ProfilesAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var lately = await LatelyAsync(now, cancellationToken);
        return ([.. options.ScepProfiles.OrderBy(profile => profile.PathId, StringComparer.Ordinal).Select(profile => Row(profile, lately, now))], now);
    }

    public async Task<(IReadOnlyList<IntuneRow> Rows, DateTimeOffset At)> IntuneAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var lately = await LatelyAsync(now, cancellationToken);
        return ([.. options.ScepProfiles.OrderBy(profile => profile.PathId, StringComparer.Ordinal).Select(profile => Flat(profile, lately, now))], now);
    }

    private IntuneRow Flat(ScepProfileOptions profile, IReadOnlyList<IntuneStatistics> lately, DateTimeOffset now)
    {
        var section = Section(profile, lately, now);
        return new IntuneRow(
            profile.PathId,
            profile.IssuerId,
            section is not null,
            section?.TrustAnchorPath,
            section?.TrustAnchors,
            section?.Audience,
            section?.ChallengeValidityNs,
            section?.ClockSkewToleranceNs,
            section?.RateLimitDisabled,
            section?.ReplayCacheSize,
            section?.Counters ?? Nothing,
            section?.Counters24H ?? Nothing,
            now.UtcDateTime);
    }

    private ScepProfileRow Row(ScepProfileOptions profile, IReadOnlyList<IntuneStatistics> lately, DateTimeOffset now)
    {
        var ra = profiles.All[profile.PathId].Codec.RaCertificate;
        return new ScepProfileRow(
            profile.PathId,
            profile.IssuerId,
            profile.Challenge is not null,
            ra.Subject.CommonName ?? ra.Subject.ToString(),
            ra.NotBefore.UtcDateTime,
            ra.NotAfter.UtcDateTime,
            Days(ra.NotAfter, now),
            now >= ra.NotAfter,
            profile.MtlsBundlePath is not null,
            profile.MtlsBundlePath,
            now.UtcDateTime)
        { Intune = Section(profile, lately, now) };
    }

    private IntuneSection? Section(ScepProfileOptions profile, IReadOnlyList<IntuneStatistics> lately, DateTimeOffset now)
    {
        if (profile.Intune is not { } intune || profiles.All[profile.PathId].Intune is not { } settings)
            return null;
        var counters = metrics.Intune.Of(profile.PathId);
        return new IntuneSection(
            intune.BundlePath,
            [.. settings.Anchors.All.Select(anchor => Row(anchor, now))],
            intune.Audience,
            intune.ChallengeValidity.Ticks * NanosecondsPerTick,
            intune.ClockSkew.Ticks * NanosecondsPerTick,
            intune.PerDeviceLimit == 0,
            null,
            counters,
            lately.FirstOrDefault(path => path.PathId == profile.PathId)?.Counts ?? counters.Keys.ToDictionary(label => label, _ => 0L, StringComparer.Ordinal));
    }

    private static TrustAnchorRow Row(TrustAnchor anchor, DateTimeOffset now) =>
        new(anchor.Subject, anchor.NotBefore.UtcDateTime, anchor.NotAfter.UtcDateTime, Days(anchor.NotAfter, now), now >= anchor.NotAfter);

    private static int Days(DateTimeOffset until, DateTimeOffset now) => now >= until ? 0 : (int)(until - now).TotalDays;

    private Task<IReadOnlyList<IntuneStatistics>> LatelyAsync(DateTimeOffset now, CancellationToken cancellationToken) => IntuneStatistics.SinceAsync(audit, now - Window, cancellationToken);
}
