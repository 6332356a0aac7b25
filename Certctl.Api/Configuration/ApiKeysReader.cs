using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

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
    public IReadOnlyList<System.Net.IPNetwork>? Probes { get; init; }

    /// <summary>Null: no tokens are taken.</summary>
    public OidcOptions? Oidc { get; init; }
}

/// <summary>
/// CERTCTL_AUTH_TYPE and CERTCTL_API_KEYS_NAMED. Without a key no request is let in; nothing here ever opens the API by being absent or
/// odd.
/// </summary>
internal static class ApiKeysReader
{
    private const string Type = "CERTCTL_AUTH_TYPE";
    private const string Keys = "CERTCTL_API_KEYS_NAMED";
    private const int LeastKey = 16;
    private const int AdvisedKey = 32;

    public static ApiOptions Read(SettingValues values, string host)
    {
        var options = ReadWho(values, host);
        return options with { RateLimits = RateLimitReader.Read(values), CorsOrigins = CorsReader.Read(values, options.RequiresKey), Oidc = OidcReader.Read(values, options.RequiresKey), Probes = ProbeReader.Read(values) };
    }

    private static ApiOptions ReadWho(SettingValues values, string host)
    {
        var type = values.Text(Type)?.Trim().ToUpperInvariant() ?? "API-KEY";
        if (type is not ("API-KEY" or "NONE"))
            values.Reject(Type, values.Text(Type)!, "one of api-key, none");
        var keys = ReadKeys(values);
        if (type != "NONE")
            return new ApiOptions(true, keys);
        if (!IsLoopback(host))
            values.Problems.Add($"{Type} is none, and CERTCTL_SERVER_HOST is {host}: all who reach it would be its admins. Listen on 127.0.0.1, or take api-key.");
        if (keys.Count > 0)
            values.Problems.Add($"{Type} is none, and {Keys} is set: the keys would count for nothing. Take one of them away.");
        values.Warnings.Add($"{Type} is none: all on this machine are admins of the REST API.");
        return new ApiOptions(false, []);
    }

    private static List<NamedApiKey> ReadKeys(SettingValues values)
    {
        var keys = new List<NamedApiKey>();
        if (values.SecretText(Keys) is not { } text)
            return keys;
        var entries = text.Split(',', StringSplitOptions.TrimEntries);
        for (var i = 0; i < entries.Length; i++)
        {
            // Entries are told by their place: any part of one may be the secret.
            if (ReadKey(entries[i], out var problem) is not { } key)
                values.Problems.Add($"{Keys}: entry {i + 1} {problem}.");
            else if (keys.Any(other => other.Name == key.Name && other.Role != key.Role))
                values.Problems.Add($"{Keys}: entry {i + 1} gives {key.Name} another role than before; one name has one role.");
            else if (keys.Any(other => other.Key.Matches(key.Key)))
                values.Problems.Add($"{Keys}: entry {i + 1} repeats a key; each must tell who uses it.");
            else
                keys.Add(key);
        }

        foreach (var key in keys.Where(key => key.Key.Length < AdvisedKey))
            values.Warnings.Add(
                $"{Keys}: the key of {key.Name} has fewer than {AdvisedKey} characters; make one with: openssl rand -hex 32");
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
            _ when parts[1].Length < LeastKey => $"has a key of fewer than {LeastKey} characters; make one with: openssl rand -hex 32",
            _ when !parts[1].All(c => c is > ' ' and <= '~') => "has a key with a character that is no visible ASCII",
            { Length: 3 } when Role(parts[2]) is null => "has a role that is none of admin, operator, auditor",
            _ => "",
        };
        return problem.Length > 0
            ? null
            : new NamedApiKey(parts[0], new Secret(parts[1]), parts.Length == 3 ? Role(parts[2])!.Value : ApiRole.Operator);
    }

    public static ApiRole? Role(string text) => text switch
    {
        "admin" => ApiRole.Admin,
        "operator" => ApiRole.Operator,
        "auditor" => ApiRole.Auditor,
        _ => null,
    };

    public static bool IsLoopback(string host) =>
        host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));
}
