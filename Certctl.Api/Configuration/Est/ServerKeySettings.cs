using Certctl.Application.Est;

namespace Certctl.Api.Configuration.Est;

/// <summary>Whether one EST profile makes keys for its devices, and how it can encrypt them (RFC 7030 §4.4).</summary>
internal static class ServerKeySettings
{
    public static readonly SettingGroup Group = new(isOfProfile: true, EndpointNaming.Est);

    private const int MaxIdentifier = 64;

    public static readonly DefaultedSetting<bool> Enabled = Group.Add(
        "SERVERKEYGEN_ENABLED", SettingType.Boolean, false,
        "Serve `serverkeygen`: the server makes the key and sends it with the certificate. It keeps no key.");

    public static readonly SecretSetting SharedKeys = Group.AddSecret(
        "SERVERKEYGEN_SHARED_KEYS",
        "Keys that devices have too, for those that ask for theirs encrypted with one: `IDENTIFIER=KEY`, separated by commas or line ends, "
        + "both in hex. A key has 16, 24 or 32 octets.");

    /// <param name="modes">Of the profile.</param>
    public static bool ReadEnabled(EstAuthModes modes, SettingValues values)
    {
        var enabled = values.Read(Enabled);
        if (enabled && modes.HasFlag(EstAuthModes.Approval))
        {
            values.Problems.Add(
                $"{values.NameOf(Enabled)} is true, and {values.NameOf(EstProfileSettings.Modes)} has approval: every request waits, and "
                + "no key is made for one that waits; take one of them away.");
        }

        if (!enabled && values.IsSet(SharedKeys))
        {
            values.Problems.Add(
                $"{values.NameOf(SharedKeys)} is set, and {values.NameOf(Enabled)} is not true; set it, or take the keys away.");
        }

        return enabled;
    }

    public static IReadOnlyDictionary<string, byte[]> ReadSharedKeys(SettingValues values)
    {
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (values.Read(SharedKeys) is not { } secret)
            return keys;
        var parts = secret.Reveal().Split([',', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            // The value is a secret: the message says where, and not what.
            if (!TryRead(parts[i], out var identifier, out var key))
            {
                values.Problems.Add(
                    $"{values.NameOf(SharedKeys)}: entry {i + 1} is not IDENTIFIER=KEY, both in hex, the key of 16, 24 or 32 octets.");
            }
            else if (!keys.TryAdd(identifier, key))
            {
                values.Problems.Add($"{values.NameOf(SharedKeys)}: entry {i + 1} has the identifier of another one.");
            }
        }

        return keys;
    }

    private static bool TryRead(string entry, out string identifier, out byte[] key)
    {
        (identifier, key) = ("", []);
        if (entry.Split('=') is not [var id, var octets] || !IsHex(id) || id.Length > 2 * MaxIdentifier || !IsHex(octets))
            return false;
        (identifier, key) = (id.ToLowerInvariant(), Convert.FromHexString(octets));
        return key.Length is 16 or 24 or 32;
    }

    private static bool IsHex(string text) => text.Length > 0 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);
}
