using System.Text.RegularExpressions;
using Certctl.Application.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>
/// The profiles of one protocol at a start: one root profile from the flat form, or the named ones of the list; never a mixture, the named
/// ones win.
/// </summary>
/// <param name="settings">Of each profile.</param>
internal sealed partial class EndpointReader(
    EndpointNaming naming, DefaultedSetting<bool> enabled, Setting<IReadOnlyList<string>> profiles, IReadOnlyList<Setting> settings)
{
    private const int MaxPathId = 64;

    /// <summary>Names that mean something else in the path.</summary>
    public IReadOnlyList<string> Reserved { get; init; } = [];

    /// <summary>The named profiles; empty: there is the root profile alone.</summary>
    public IReadOnlyList<string> NamesOf(SettingValues values) => values.Read(profiles) ?? [];

    /// <param name="read">By PathID, empty for the root profile, and the values of the profile.</param>
    public IReadOnlyList<T> Read<T>(SettingValues values, Func<string, SettingValues, T> read)
    {
        var names = NamesOf(values);
        CheckNames(names, values);
        var root = values.OfProfile(naming.FlatPrefix);
        var flat = settings.Where(root.IsSet).Select(root.NameOf).ToList();
        if (names.Count > 0 && flat.Count > 0)
        {
            values.Warnings.Add(
                $"{profiles.Name} is set, so the flat form has no effect ({string.Join(", ", flat)}): no profile takes anything from it, "
                + $"and {naming.Root} itself is not served.");
        }

        // What cannot be read was meant to say something: then the profiles are read too, and their problems told with it.
        var before = values.Problems.Count;
        var isOn = values.Read(enabled) || values.Problems.Count > before;
        if (!isOn && (names.Count > 0 || flat.Count > 0))
            values.Warnings.Add($"{enabled.Name} is false, so the {naming.Protocol} settings have no effect.");
        if (!isOn)
            return [];
        return names.Count == 0 ? [read("", root)] : [.. names.Select(name => ReadNamed(name, values, read))];
    }

    // A variable's name does not always show the path: SHOP_FLOOR is shop-floor.
    private T ReadNamed<T>(string name, SettingValues values, Func<string, SettingValues, T> read)
    {
        var pathId = name.ToLowerInvariant();
        var before = values.Problems.Count;
        var profile = read(pathId, values.OfProfile(naming.PrefixOf(pathId)));
        for (var i = before; i < values.Problems.Count; i++)
            values.Problems[i] += $" ({naming.Protocol} profile \"{pathId}\")";
        return profile;
    }

    private void CheckNames(IReadOnlyList<string> names, SettingValues values)
    {
        foreach (var name in names.Where(name => name.Length > MaxPathId || !PathId().IsMatch(name.ToLowerInvariant())))
            values.Problems.Add($"{profiles.Name}: \"{name}\" cannot be a path: letters, digits and inner hyphens, at most {MaxPathId}.");
        foreach (var twice in names.GroupBy(EndpointNaming.Token, StringComparer.Ordinal).Where(group => group.Count() > 1))
            values.Problems.Add($"{profiles.Name}: {string.Join(" and ", twice.Select(name => $"\"{name}\""))} are the same name.");
        foreach (var taken in names.Where(name => Reserved.Contains(name.ToLowerInvariant(), StringComparer.Ordinal)))
            values.Problems.Add($"{profiles.Name}: \"{taken}\" is an operation of {naming.Protocol}; choose another name.");
    }

    [GeneratedRegex($"^{EnrolmentPolicy.PathIdForm}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathId();
}
