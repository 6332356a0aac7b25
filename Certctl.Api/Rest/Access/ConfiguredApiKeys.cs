using Certctl.Api.Configuration.Access;
using Certctl.Application.Admin;

namespace Certctl.Api.Rest.Access;

/// <summary>The keys of CERTCTL_API_KEYS_NAMED that are in force; a reload exchanges them as a whole.</summary>
internal sealed class ConfiguredApiKeys(IReadOnlyList<NamedApiKey> keys)
{
    private volatile IReadOnlyList<NamedApiKey> _all = keys;

    public IReadOnlyList<NamedApiKey> All => _all;

    public bool Changes(IReadOnlyList<NamedApiKey> keys)
    {
        var all = _all;
        return all.Count != keys.Count || all.Zip(keys).Any(
            pair => pair.First.Name != pair.Second.Name || pair.First.Role != pair.Second.Role || !pair.First.Key.Matches(pair.Second.Key));
    }

    /// <summary>Why no key of this name and role can be made; null: it can.</summary>
    public string? FindConflict(string name, ApiRole role) => All.Any(key => key.Name == name && key.Role != role)
        ? $"{name} has another role by the configuration; one name has one role."
        : null;

    public void Exchange(IReadOnlyList<NamedApiKey> keys) => _all = keys;
}
