namespace Certctl.Api.Configuration;

/// <summary>Names under CERTCTL_ that mean nothing here: each is a mistake that the operator has to hear of before it matters.</summary>
internal static class UnknownNames
{
    /// <param name="groups">Where the settings are declared; null: <see cref="KnownSettings.Groups"/>.</param>
    public static IEnumerable<string> Find(
        IEnumerable<string> names, IReadOnlyList<string> profileTokens, IReadOnlyList<SettingGroup>? groups = null)
    {
        var known = Forms(groups ?? KnownSettings.Groups, profileTokens).Concat(KnownSettings.ClientSide).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            if (known.Contains(name) || name.StartsWith(KnownSettings.TestPrefix, StringComparison.Ordinal))
                continue;
            yield return $"{name} {Explain(name, known, profileTokens)}";
        }
    }

    private static string Explain(string name, HashSet<string> known, IReadOnlyList<string> profileTokens)
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
        if (IsOfUnlistedProfile(name, profileTokens))
            return "belongs to no profile of CERTCTL_SCEP_PROFILES "
                + $"({(profileTokens.Count == 0 ? "none is listed" : string.Join(", ", profileTokens))})"
                + $"{(near is null ? "." : $"; did you mean {near}?")}";
        return near is null ? "is unknown; docs/configuration.md lists all names." : $"is unknown; did you mean {near}?";
    }

    /// <summary>The names of all secrets, as variable and as <c>_FILE</c>.</summary>
    public static HashSet<string> Secrets(IReadOnlyList<string> profileTokens) =>
        Forms(KnownSettings.Groups, profileTokens, setting => setting.IsSecret).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<string> Forms(
        IReadOnlyList<SettingGroup> groups, IReadOnlyList<string> profileTokens, Func<Setting, bool>? which = null)
    {
        string[] prefixes = [KnownSettings.FlatPrefix, .. profileTokens.Select(token => $"{KnownSettings.ProfilePrefix}{token}_")];
        return groups.SelectMany(group => group.Settings).Where(which ?? (_ => true))
            .SelectMany(setting => setting.IsOfProfile ? prefixes.SelectMany(prefix => Forms(prefix, setting)) : Forms("", setting));
    }

    private static IEnumerable<string> Forms(string prefix, Setting setting) =>
        setting.IsSecret ? [prefix + setting.Name, prefix + setting.Name + KnownSettings.FileSuffix] : [prefix + setting.Name];

    private static bool IsNotYet(string name) =>
        KnownSettings.NotYet.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));

    private static bool IsOfUnlistedProfile(string name, IReadOnlyList<string> profileTokens) =>
        name.StartsWith(KnownSettings.ProfilePrefix, StringComparison.Ordinal)
        && !profileTokens.Any(token => name.StartsWith($"{KnownSettings.ProfilePrefix}{token}_", StringComparison.Ordinal));
}
