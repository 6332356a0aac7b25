using System.Security.Cryptography;
using System.Text;
using Certctl.Api.Configuration.Access;
using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Rest.Access;

/// <summary>What became of a presented key.</summary>
internal abstract record ApiKeyVerdict
{
    private ApiKeyVerdict()
    {
    }

    /// <param name="Actor">In the audit trail.</param>
    /// <param name="Principal">Who answers for the actor: <see cref="AdminCaller.Principal"/>.</param>
    /// <param name="Mark">Names the key to <see cref="ApiKeyCheck.StillCountsAsync"/>; not the key, nor enough to be taken for it.</param>
    /// <param name="ExpiresAt">Null: it has no end.</param>
    public sealed record Accepted(string Actor, ApiRole Role, string Principal, string Mark, DateTimeOffset? ExpiresAt) : ApiKeyVerdict;

    /// <param name="Why">For the client and for auditors; no secret.</param>
    public sealed record Refused(string Why) : ApiKeyVerdict;
}

/// <summary>
/// Judges a key of the API. Every configured key is compared, whichever matches: the time tells nothing. Then those that were made at run
/// time, as the database has them now: what one process revokes, no other takes.
/// </summary>
internal sealed class ApiKeyCheck(ConfiguredApiKeys configured, IApiKeyRepository keys, DatabaseClock clock)
{
    private const string Unknown = "Invalid API key";
    private const string MadeMark = "made:";

    private static readonly TimeSpan UsedGrain = TimeSpan.FromMinutes(1);

    public async Task<ApiKeyVerdict> JudgeAsync(string presented, CancellationToken cancellationToken)
    {
        if (Find(new Secret(presented)) is { } key)
            return new ApiKeyVerdict.Accepted(key.Name, key.Role, key.Name, MarkOf(key), null);
        if (ApiKeyToken.Parse(presented) is not { } token)
            return new ApiKeyVerdict.Refused(Unknown);
        var made = await keys.FindAsync(token.Id, cancellationToken);
        return made is null || !CryptographicOperations.FixedTimeEquals(made.Sha256, token.Sha256())
            ? new ApiKeyVerdict.Refused(Unknown)
            : await JudgeAsync(made, cancellationToken);
    }

    /// <summary>Whether the key that was accepted under this mark is accepted now.</summary>
    public async Task<bool> StillCountsAsync(string mark, CancellationToken cancellationToken)
    {
        if (!mark.StartsWith(MadeMark, StringComparison.Ordinal))
            return configured.All.Any(key => MarkOf(key) == mark);
        return await keys.FindAsync(mark[MadeMark.Length..], cancellationToken) is { } made
            && await JudgeAsync(made, cancellationToken) is ApiKeyVerdict.Accepted;
    }

    private async Task<ApiKeyVerdict> JudgeAsync(ApiKey key, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);
        switch (key.StateAt(now))
        {
            case ApiKeyState.Revoked:
                return new ApiKeyVerdict.Refused("API key was revoked");
            case ApiKeyState.Expired:
                return new ApiKeyVerdict.Refused("API key has expired");
            default:
                if (key.LastUsedAt is not { } used || now - used >= UsedGrain)
                    await keys.TouchAsync(key.Id, now, cancellationToken);
                return new ApiKeyVerdict.Accepted(key.Name, key.Role, key.Principal, MadeMark + key.Id, key.ExpiresAt);
        }
    }

    private NamedApiKey? Find(Secret presented)
    {
        NamedApiKey? found = null;
        foreach (var key in configured.All)
        {
            if (key.Key.Matches(presented))
                found = key;
        }

        return found;
    }

    // With name and role: a key that a reload gave another role is another key.
    private static string MarkOf(NamedApiKey key) => "set:" + Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"certctl session\0{key.Name}\0{key.Role}\0{key.Key.Reveal()}")));
}
