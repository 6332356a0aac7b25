using Certctl.Api.Configuration.Database;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Challenges.Static;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Persistence;

namespace Certctl.Api.Hosting.Reload.Parts;

/// <summary>
/// Secrets, from their <c>_FILE</c>s or the file of <c>--config</c>: challenges, API keys, the token of /metrics, the secret of
/// the pages at the OpenID Connect issuer, the database's password.
/// </summary>
internal sealed class SecretParts(
    DatabaseOptions start, ScepProfileTable profiles, ConfiguredApiKeys keys, MetricsToken metrics, OidcClientSecret oidc,
    DatabaseLogin? database)
{
    // As long as a connection may take to say no.
    private static readonly TimeSpan AskDatabaseFor = TimeSpan.FromSeconds(10);

    public IEnumerable<ReloadablePart> All =>
    [
        new ReloadablePart("api_keys", null, ApiKeys),
        new ReloadablePart("metrics_token", null, Metrics),
        new ReloadablePart("oidc_client_secret", null, Oidc),
        .. profiles.All.Keys.Select(pathId => new ReloadablePart("challenge", pathId, Challenge)),
        new ReloadablePart(new PartName("database_password", null), DatabasePasswordAsync) { IsSlow = true },
    ];

    private StagedPart Challenge(StagedPart part, ReloadReading reading)
    {
        var wanted = reading.Profile(part.Part.PathId!);

        // A profile that takes signed challenges alone has no secret.
        if (profiles.All[part.Part.PathId!].Policy.Find<StaticChallengeValidator>() is not { } kind)
            return part;
        var setting = ScepProfileReader.PrefixOf(wanted.PathId) + "CHALLENGE_PASSWORD";
        return part.ExchangeSecrets(reading, setting, kind, wanted.Challenge, wanted.PreviousChallenge);
    }

    private StagedPart ApiKeys(StagedPart part, ReloadReading reading)
    {
        var wanted = reading.Options.Api.Keys;
        return Secret(
            part, reading, "CERTCTL_API_KEYS_NAMED",
            keys.All.Count > 0 && wanted.Count == 0, keys.Changes(wanted), () => keys.Exchange(wanted));
    }

    // Without a token /metrics is open to all who reach it.
    private StagedPart Metrics(StagedPart part, ReloadReading reading)
    {
        var wanted = reading.Options.Telemetry.Token;
        return Secret(
            part, reading, "CERTCTL_METRICS_TOKEN",
            metrics.Current is not null && wanted is null, SharedParts.Differ(metrics.Current, wanted), () => metrics.Exchange(wanted));
    }

    // Without it the pages would sign in as a public client.
    private StagedPart Oidc(StagedPart part, ReloadReading reading)
    {
        var wanted = reading.Options.Api.Oidc?.Client?.Secret;
        return Secret(
            part, reading, "CERTCTL_OIDC_CLIENT_SECRET",
            oidc.Current is not null && wanted is null, SharedParts.Differ(oidc.Current, wanted), () => oidc.Exchange(wanted));
    }

    /// <summary>
    /// A part that a running server has cannot be taken away: its absence may be a mistake, and a restart looks at all settings together.
    /// </summary>
    private static StagedPart Secret(StagedPart part, ReloadReading reading, string setting, bool isGone, bool changed, Action commit)
    {
        if (reading.ProblemsOf(setting) is { Count: > 0 } problems)
            return part.Refuse(problems);
        if (isGone)
            return part.RefuseUntilRestart($"{setting} is set no more; to serve without it, restart the server");
        return changed ? part.Exchange(PartChange.OfSecret, commit) : part;
    }

    /// <summary>The database is asked whether it takes the password.</summary>
    private async ValueTask<StagedPart> DatabasePasswordAsync(StagedPart part, ReloadReading reading)
    {
        var url = reading.Options.Database.ConnectionString.Reveal();
        if (reading.ProblemsOf("CERTCTL_DATABASE_URL") is { Count: > 0 } problems)
            return part.Refuse(problems);
        if (url.Length == 0)
            return part;
        if (reading.Options.Database.Provider != start.Provider
            || (database?.NamesAnother(url) ?? url != start.ConnectionString.Reveal()))
        {
            return part.RefuseUntilRestart(
                "CERTCTL_DATABASE_URL names another host, database, role or option than at start; "
                + "only the password can change without a restart");
        }

        if (database is null)
            return part;
        if (database.GainsOrLosesPassword(url))
        {
            return part.RefuseUntilRestart(
                "CERTCTL_DATABASE_URL has a password now and had none at the start, or the other way round; that needs a restart");
        }

        using var bounded = new CancellationTokenSource(AskDatabaseFor);
        string? refused = null;
        try
        {
            refused = await database.FindProblemAsync(url, bounded.Token);
        }
        catch (OperationCanceledException)
        {
            // A database that does not answer says nothing about the password.
        }

        if (refused is not null)
            return part.Refuse($"CERTCTL_DATABASE_URL {refused}");
        return database.Knows(url) ? part : part.Exchange(PartChange.OfSecret, () => database.Exchange(url));
    }
}
