using Certctl.Api.Admin;
using Certctl.Api.Configuration;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting.Reload;

/// <summary>The secrets of a running server that can be exchanged, from their <c>_FILE</c>s: challenges, API keys, tokens, the password of the database.</summary>
internal sealed class ReloadableSecrets(
    ScepProfileTable profiles, ConfiguredApiKeys keys, MetricsToken metrics, ComplianceHooks compliance, DatabaseLogin? database)
{
    private const string Changed = "the secret changed";

    // As long as a connection may take to say no.
    private static readonly TimeSpan AskDatabaseFor = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyList<StagedPart>> StageAsync(ConfigurationReading reading, CancellationToken cancellationToken)
    {
        var options = reading.Draft;
        List<StagedPart> parts =
        [
            Part("api_keys", null, reading, ["CERTCTL_API_KEYS_NAMED"], keys.Changes(options.Api.Keys), () => keys.Exchange(options.Api.Keys)),
            Part("metrics_token", null, reading, ["CERTCTL_METRICS_TOKEN"], Differ(metrics.Current, options.Telemetry.Token), () => metrics.Exchange(options.Telemetry.Token)),
            await DatabaseAsync(reading, cancellationToken),
        ];
        foreach (var wanted in options.ScepProfiles.Where(wanted => profiles.All.ContainsKey(wanted.PathId)))
            parts.AddRange(Profile(profiles.All[wanted.PathId], wanted, reading));
        return parts;
    }

    private IEnumerable<StagedPart> Profile(ScepProfile profile, ScepProfileOptions wanted, ConfigurationReading reading)
    {
        var prefix = ScepProfileReader.PrefixOf(wanted.PathId);
        yield return Part(
            "challenge", wanted.PathId, reading, [prefix + "CHALLENGE_PASSWORD", prefix + "CHALLENGE_PASSWORD_PREVIOUS"],
            Differ(profile.Challenge, wanted.Challenge) || Differ(profile.PreviousChallenge, wanted.PreviousChallenge),
            () => profile.ExchangeChallenges(wanted.Challenge, wanted.PreviousChallenge));
        if (wanted.Compliance?.BearerToken is { } token)
            yield return Part("compliance_token", wanted.PathId, reading, [prefix + "COMPLIANCE_BEARER_TOKEN"], compliance.Differs(wanted.PathId, token), () => compliance.Exchange(wanted.PathId, token));
    }

    private async Task<StagedPart> DatabaseAsync(ConfigurationReading reading, CancellationToken cancellationToken)
    {
        const string Name = "database_password";
        var url = reading.Draft.Database.ConnectionString.Reveal();
        if (Problems(reading, ["CERTCTL_DATABASE_URL"]) is { Count: > 0 } problems)
            return StagedPart.Refused(Name, null, problems);
        if (database is null || url.Length == 0 || reading.Draft.Database.Provider != DatabaseProvider.PostgreSql)
            return new StagedPart(Name, null);
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
        return new StagedPart(Name, null) { Change = database.Knows(url) ? null : Changed, Commit = database.Knows(url) ? () => { } : () => database.Exchange(url) };
    }

    private static StagedPart Part(string name, string? pathId, ConfigurationReading reading, string[] settings, bool changed, Action commit) =>
        Problems(reading, settings) is { Count: > 0 } problems
            ? StagedPart.Refused(name, pathId, problems)
            : new StagedPart(name, pathId) { Change = changed ? Changed : null, Commit = commit };

    private static List<string> Problems(ConfigurationReading reading, string[] settings) => [.. reading.Problems.Where(problem => settings.Any(setting => Concerns(problem, setting)))];

    /// <summary>Problems of the configuration name the setting first.</summary>
    public static bool Concerns(string problem, string setting) =>
        problem.StartsWith(setting + ":", StringComparison.Ordinal) || problem.StartsWith(setting + " ", StringComparison.Ordinal)
        || problem.StartsWith(setting + KnownSettings.FileSuffix + ":", StringComparison.Ordinal);

    private static bool Differ(Secret? before, Secret? after) => before is null ? after is not null : after is null || !before.Matches(after);
}
