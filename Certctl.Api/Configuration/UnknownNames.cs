namespace Certctl.Api.Configuration;

/// <summary>Names under CERTCTL_ that mean nothing here: each is a mistake that the operator has to hear of before it matters.</summary>
internal static class UnknownNames
{
    /// <param name="profiles">The profiles that are listed.</param>
    /// <param name="groups">Where the settings are declared; null: <see cref="KnownSettings.Groups"/>.</param>
    public static IEnumerable<string> Find(
        IEnumerable<string> names, ProfileTokens profiles, IReadOnlyList<SettingGroup>? groups = null)
    {
        var known = Forms(groups ?? KnownSettings.Groups, profiles).Concat(KnownSettings.ClientSide).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            if (known.Contains(name) || name.StartsWith(KnownSettings.TestPrefix, StringComparison.Ordinal))
                continue;
            yield return $"{name} {Explain(name, known, profiles)}";
        }
    }

    private static string Explain(string name, HashSet<string> known, ProfileTokens profiles)
    {
        if (name.ToUpperInvariant() is var upper && upper != name)
            return known.Contains(upper)
                ? $"is not read: names are upper case. Set {upper}."
                : "is unknown (names are upper case)"
                    + (NearestName.Of(upper, known) is { } meant ? $"; did you mean {meant}?" : "; docs/configuration.md lists all names.");
        if (IsNotYet(name))
            return "is not supported by this version of certctl; remove it.";
        var plain = name.EndsWith(KnownSettings.FileSuffix, StringComparison.Ordinal) ? name[..^KnownSettings.FileSuffix.Length] : name;
        if (known.Contains(plain))
            return $"names a file, but {plain} is no secret; set {plain} itself.";
        var near = NearestName.Of(name, known);
        if (profiles.FindUnlisted(name) is { } unlisted)
            return unlisted + $"{(near is null ? "." : $"; did you mean {near}?")}";
        return near is null ? "is unknown; docs/configuration.md lists all names." : $"is unknown; did you mean {near}?";
    }

    /// <summary>The names of all secrets, as variable and as <c>_FILE</c>.</summary>
    public static HashSet<string> Secrets(ProfileTokens profiles) =>
        Forms(KnownSettings.Groups, profiles, setting => setting.IsSecret).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<string> Forms(
        IReadOnlyList<SettingGroup> groups, ProfileTokens profiles, Func<Setting, bool>? which = null) =>
        groups.SelectMany(group => group.Settings.Where(which ?? (_ => true)).SelectMany(setting => group.IsOfProfile
            ? group.Namings.SelectMany(profiles.Prefixes).SelectMany(prefix => Forms(prefix, setting))
            : Forms("", setting)));

    private static IEnumerable<string> Forms(string prefix, Setting setting) =>
        setting.IsSecret ? [prefix + setting.Name, prefix + setting.Name + KnownSettings.FileSuffix] : [prefix + setting.Name];

    private static bool IsNotYet(string name) =>
        KnownSettings.NotYet.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));
}
