using System.Text.RegularExpressions;
using Certctl.Application.Scep;

namespace Certctl.Api.Configuration.Scep;

/// <summary>
/// The SCEP profiles of a start: one root profile from the flat form, or the named ones of CERTCTL_SCEP_PROFILES; never a mixture, the
/// named ones win.
/// </summary>
internal static partial class ScepProfileReader
{
    private const int MaxPathId = 64;

    /// <summary>How a profile's name stands inside a variable's: a shell takes no hyphens there.</summary>
    public static string Token(string name) => name.ToUpperInvariant().Replace('-', '_');

    /// <summary>What the variables of a profile begin with.</summary>
    public static string PrefixOf(string pathId) =>
        pathId.Length == 0 ? KnownSettings.FlatPrefix : $"{KnownSettings.ProfilePrefix}{Token(pathId)}_";

    public static IReadOnlyList<ScepProfileOptions> Read(SettingValues values)
    {
        var (enabledName, listName) = (ScepSettings.Enabled.Name, ScepSettings.Profiles.Name);
        var names = ScepSettings.NamesOf(values);
        CheckNames(names, values);
        var root = values.OfProfile(KnownSettings.FlatPrefix);
        var flat = KnownSettings.ScepProfile.Where(root.IsSet).Select(root.NameOf).ToList();
        if (names.Count > 0 && flat.Count > 0)
        {
            values.Warnings.Add(
                $"{listName} is set, so the flat form has no effect ({string.Join(", ", flat)}): no profile takes anything from it, and "
                + "/scep itself is not served.");
        }

        // What cannot be read was meant to say something: then the profiles are read too, and their problems told with it.
        var before = values.Problems.Count;
        var enabled = values.Read(ScepSettings.Enabled) || values.Problems.Count > before;
        if (!enabled && (names.Count > 0 || flat.Count > 0))
            values.Warnings.Add($"{enabledName} is false, so the SCEP settings have no effect.");
        if (!enabled)
            return [];
        return names.Count == 0
            ? [ScepProfileSettings.Read("", root)]
            : [.. names.Select(name => ReadNamed(name, values))];
    }

    // A variable's name does not always show the path: SHOP_FLOOR is shop-floor.
    private static ScepProfileOptions ReadNamed(string name, SettingValues values)
    {
        var pathId = name.ToLowerInvariant();
        var before = values.Problems.Count;
        var profile = ScepProfileSettings.Read(pathId, values.OfProfile(PrefixOf(pathId)));
        for (var i = before; i < values.Problems.Count; i++)
            values.Problems[i] += $" (SCEP profile \"{pathId}\")";
        return profile;
    }

    private static void CheckNames(IReadOnlyList<string> names, SettingValues values)
    {
        var list = ScepSettings.Profiles.Name;
        foreach (var name in names.Where(name => name.Length > MaxPathId || !PathId().IsMatch(name.ToLowerInvariant())))
            values.Problems.Add($"{list}: \"{name}\" cannot be a path: letters, digits and inner hyphens, at most {MaxPathId}.");
        foreach (var twice in names.GroupBy(Token, StringComparer.Ordinal).Where(group => group.Count() > 1))
            values.Problems.Add($"{list}: {string.Join(" and ", twice.Select(name => $"\"{name}\""))} are the same name.");
    }

    [GeneratedRegex($"^{ScepProfile.PathIdForm}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathId();
}
