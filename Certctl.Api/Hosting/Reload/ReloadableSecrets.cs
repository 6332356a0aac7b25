using Certctl.Api.Configuration;
using Certctl.Application.Challenges.Static;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Database;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Rest.Access;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// The secrets of a running server that can be exchanged, from their <c>_FILE</c>s: challenges, API keys, tokens, the password of the
/// database.
/// </summary>
internal sealed class ReloadableSecrets(
    ScepProfileTable profiles, ConfiguredApiKeys keys, MetricsToken metrics, ComplianceHooks compliance, DatabaseLogin? database)
{
    private const string Changed = "the secret changed";

    // As long as a connection may take to say no.
    private static readonly TimeSpan AskDatabaseFor = TimeSpan.FromSeconds(10);

    /// <summary>All but the password of the database.</summary>
    public IReadOnlyList<StagedPart> Stage(ConfigurationReading reading)
    {
        var options = reading.Draft;
        List<StagedPart> parts = [ApiKeys(options.Api.Keys, reading), Metrics(options.Telemetry.Token, reading)];
        foreach (var wanted in options.ScepProfiles.Where(wanted => profiles.All.ContainsKey(wanted.PathId)))
            parts.AddRange(Profile(profiles.All[wanted.PathId].Policy, wanted, reading));
        return parts;
    }

    private IEnumerable<StagedPart> Profile(EnrolmentPolicy policy, ScepProfileOptions wanted, ConfigurationReading reading)
    {
        var prefix = ScepProfileReader.PrefixOf(wanted.PathId);
        var secrets = policy.Find<StaticChallengeValidator>();
        var (current, previous) = secrets?.Secrets ?? default;
        yield return Part(
            "challenge", wanted.PathId, reading, [prefix + "CHALLENGE_PASSWORD", prefix + "CHALLENGE_PASSWORD_PREVIOUS"],
            secrets is not null && (Differ(current, wanted.Challenge) || Differ(previous, wanted.PreviousChallenge)),
            () => secrets?.Exchange(wanted.Challenge, wanted.PreviousChallenge));
        string[] ofToken = [prefix + "COMPLIANCE_BEARER_TOKEN"];
        if (wanted.Compliance?.BearerToken is { } token)
        {
            yield return Part(
                "compliance_token", wanted.PathId, reading, ofToken, compliance.Differs(wanted.PathId, token), () => compliance.Exchange(wanted.PathId, token));
        }
        else if (Problems(reading, ofToken) is { Count: > 0 } problems)
            yield return StagedPart.Refused("compliance_token", wanted.PathId, problems);
    }

    private StagedPart ApiKeys(IReadOnlyList<NamedApiKey> wanted, ConfigurationReading reading) => Part(
        "api_keys", reading, "CERTCTL_API_KEYS_NAMED", keys.All.Count > 0 && wanted.Count == 0, keys.Changes(wanted), () => keys.Exchange(wanted));

    // Without a token /metrics is open to all who reach it.
    private StagedPart Metrics(Secret? wanted, ConfigurationReading reading) => Part(
        "metrics_token", reading, "CERTCTL_METRICS_TOKEN",
        metrics.Current is not null && wanted is null, Differ(metrics.Current, wanted), () => metrics.Exchange(wanted));

    /// <summary>
    /// A part that a running server has cannot be taken away: its absence may be a mistake, and a restart looks at all settings together.
    /// </summary>
    private static StagedPart Part(string name, ConfigurationReading reading, string setting, bool isGone, bool changed, Action commit)
    {
        var part = Part(name, null, reading, [setting], changed, commit);
        return isGone && part.Problems.Count == 0
            ? StagedPart.Refused(name, null, $"{setting} is set no more; to serve without it, restart the server")
            : part;
    }

    /// <summary>The password of the database, which is asked whether it takes it.</summary>
    public async Task<StagedPart> StageDatabaseAsync(ConfigurationReading reading, CancellationToken cancellationToken)
    {
        const string Name = "database_password";
        var url = reading.Draft.Database.ConnectionString.Reveal();
        if (Problems(reading, ["CERTCTL_DATABASE_URL"]) is { Count: > 0 } problems)
            return StagedPart.Refused(Name, null, problems);
        if (database is null || url.Length == 0 || reading.Draft.Database.Provider != DatabaseProvider.PostgreSql)
            return new StagedPart(Name, null);
        if (database.GainsOrLosesPassword(url))
        {
            return StagedPart.Refused(
                Name, null, "CERTCTL_DATABASE_URL has a password now and had none at the start, or the other way round; that needs a restart");
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(AskDatabaseFor);
        string? refused = null;
        try
        {
            refused = await database.FindProblemAsync(url, bounded.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A database that does not answer says nothing about the password.
        }

        if (refused is not null)
            return StagedPart.Refused(Name, null, $"CERTCTL_DATABASE_URL {refused}");
        return database.Knows(url)
            ? new StagedPart(Name, null)
            : new StagedPart(Name, null) { Change = Changed, Commit = () => database.Exchange(url) };
    }

    private static StagedPart Part(
        string name, string? pathId, ConfigurationReading reading, string[] settings, bool changed, Action commit) =>
        Problems(reading, settings) is { Count: > 0 } problems
            ? StagedPart.Refused(name, pathId, problems)
            : new StagedPart(name, pathId) { Change = changed ? Changed : null, Commit = commit };

    private static List<string> Problems(ConfigurationReading reading, string[] settings) =>
        [.. reading.Problems.Where(problem => settings.Any(setting => Concerns(problem, setting)))];

    /// <summary>Problems of the configuration name the setting first.</summary>
    public static bool Concerns(string problem, string setting) =>
        problem.StartsWith(setting + ":", StringComparison.Ordinal) || problem.StartsWith(setting + " ", StringComparison.Ordinal)
        || problem.StartsWith(setting + KnownSettings.FileSuffix + ":", StringComparison.Ordinal);

    private static bool Differ(Secret? before, Secret? after) =>
        before is null ? after is not null : after is null || !before.Matches(after);
}
