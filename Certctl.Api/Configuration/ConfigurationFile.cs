namespace Certctl.Api.Configuration;

/// <summary>The file of <c>--config</c>: what it says by the names of the variables, and what is wrong with it.</summary>
internal sealed record ConfigurationFile(IReadOnlyDictionary<string, string> Settings, IReadOnlyList<string> Problems)
{
    /// <param name="path">Null: there is none, and it says nothing.</param>
    public static ConfigurationFile Read(string? path)
    {
        var problems = new List<string>();
        return new ConfigurationFile(path is null ? new Dictionary<string, string>() : JsonSettings.Read(path, problems), problems);
    }

    /// <summary>What is no secret.</summary>
    /// <param name="secrets">Names of secrets, as variable and as <c>_FILE</c>.</param>
    public Dictionary<string, string> Plain(IReadOnlySet<string> secrets) =>
        Settings.Where(pair => !secrets.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>Its secrets, beside what <paramref name="plain"/> says.</summary>
    public ConfigurationFile With(IReadOnlyDictionary<string, string> plain, IReadOnlySet<string> secrets) =>
        this with { Settings = Settings.Where(pair => secrets.Contains(pair.Key)).Concat(plain).ToDictionary(StringComparer.Ordinal) };
}
