using System.Net;
using Certctl.Api.Configuration.Server;
using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Access;

/// <summary>A key of the REST API as configured.</summary>
/// <param name="Name">The actor in the audit trail.</param>
public sealed record NamedApiKey(string Name, Secret Key, ApiRole Role);

/// <summary>Who may use the REST API.</summary>
/// <param name="RequiresKey">False: all who reach the server are its admins; on loopback alone.</param>
public sealed record ApiOptions(bool RequiresKey, IReadOnlyList<NamedApiKey> Keys)
{
    /// <summary>Null: requests are not counted.</summary>
    public RateLimitOptions? RateLimits { get; init; }

    /// <summary>As browsers send them in Origin.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Networks that may be asked although they are reserved; null: no other server is asked at all.</summary>
    public IReadOnlyList<IPNetwork>? Probes { get; init; }

    /// <summary>Null: no tokens are taken.</summary>
    public OidcOptions? Oidc { get; init; }
}

/// <summary>Who may use the REST API. Without a key no request is let in; an absent or unreadable setting never opens it.</summary>
internal static class ApiSettings
{
    private const int MinKey = 16;
    private const int AdvisedKey = 32;

    public static readonly SettingGroup Group = new();

    public static readonly DefaultedSetting<bool> RequiresKey = Group.Add(
        "CERTCTL_AUTH_TYPE", SettingType.OneOf(("api-key", true), ("none", false)), true,
        "Who may use the REST API: `api-key`, all who have a key; `none`, all who reach it, on loopback alone.");

    public static readonly SecretSetting Keys = Group.AddSecret(
        "CERTCTL_API_KEYS_NAMED",
        "Comma-separated keys of the REST API: `name:key` or `name:key:role`, role `admin`, `operator` (unless said) or `auditor`. The "
        + "same name with two keys overlaps during rotation. Without a key no request is let in.");

    public static ApiOptions Read(SettingValues values, string host)
    {
        var options = ReadWho(values, host);
        return options with
        {
            RateLimits = RateLimitSettings.Read(values),
            CorsOrigins = CorsSettings.Read(values, options.RequiresKey),
            Oidc = OidcSettings.Read(values, options.RequiresKey),
            Probes = ProbeSettings.Read(values),
        };
    }

    /// <summary>A role by its word, in lower case alone; null: it is none.</summary>
    public static ApiRole? RoleOf(string text) => text switch
    {
        "admin" => ApiRole.Admin,
        "operator" => ApiRole.Operator,
        "auditor" => ApiRole.Auditor,
        _ => null,
    };

    public static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static ApiOptions ReadWho(SettingValues values, string host)
    {
        var requiresKey = values.Read(RequiresKey);
        var keys = ReadKeys(values);
        if (requiresKey)
            return new ApiOptions(true, keys);
        if (!IsLoopback(host))
        {
            values.Problems.Add(
                $"{RequiresKey.Name} is none, and {ServerSettings.Host.Name} is {host}: all who reach it would be its admins. "
                + "Listen on 127.0.0.1, or take api-key.");
        }

        if (keys.Count > 0)
        {
            values.Problems.Add(
                $"{RequiresKey.Name} is none, and {Keys.Name} is set: the keys would count for nothing. Take one of them away.");
        }

        values.Warnings.Add($"{RequiresKey.Name} is none: all on this machine are admins of the REST API.");
        return new ApiOptions(false, []);
    }

    private static List<NamedApiKey> ReadKeys(SettingValues values)
    {
        var keys = new List<NamedApiKey>();
        if (values.Read(Keys) is not { } text)
            return keys;
        var entries = text.Reveal().Split(',', StringSplitOptions.TrimEntries);
        for (var i = 0; i < entries.Length; i++)
        {
            // Entries are told by their place: any part of one may be the secret.
            if (ReadKey(entries[i], out var problem) is not { } key)
                values.Problems.Add($"{Keys.Name}: entry {i + 1} {problem}.");
            else if (keys.Any(other => other.Name == key.Name && other.Role != key.Role))
                values.Problems.Add($"{Keys.Name}: entry {i + 1} gives {key.Name} another role than before; one name has one role.");
            else if (keys.Any(other => other.Key.Matches(key.Key)))
                values.Problems.Add($"{Keys.Name}: entry {i + 1} repeats a key; each must tell who uses it.");
            else
                keys.Add(key);
        }

        foreach (var key in keys.Where(key => key.Key.Length < AdvisedKey))
            values.Warnings.Add(
                $"{Keys.Name}: the key of {key.Name} has fewer than {AdvisedKey} characters; make one with: openssl rand -hex 32");
        return keys;
    }

    private static NamedApiKey? ReadKey(string entry, out string problem)
    {
        var parts = entry.Split(':');
        problem = parts switch
        {
            { Length: < 2 or > 3 } => "is not name:key or name:key:role",
            _ when !ApiKeyName.IsValid(parts[0]) => "has a name that is not made of letters, digits, _ and -",
            _ when ReservedNames.Contains(parts[0]) =>
                $"has one of the names {string.Join(", ", ReservedNames.All)}, which the audit trail uses itself; choose another",
            _ when parts[1].Length < MinKey => $"has a key of fewer than {MinKey} characters; make one with: openssl rand -hex 32",
            _ when !parts[1].All(c => c is > ' ' and <= '~') => "has a key with a character that is no visible ASCII",
            { Length: 3 } when RoleOf(parts[2]) is null => "has a role that is not one of admin, operator, auditor",
            _ => "",
        };
        return problem.Length > 0
            ? null
            : new NamedApiKey(parts[0], new Secret(parts[1]), parts.Length == 3 ? RoleOf(parts[2])!.Value : ApiRole.Operator);
    }
}
