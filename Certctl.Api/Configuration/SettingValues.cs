using System.Diagnostics.CodeAnalysis;
using Certctl.Api.Hosting.Startup;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>
/// The values of one start, from layers of which the first that names a setting wins (environment, then file, then what quickstart
/// supplies), with every problem and warning that reading them meets.
/// </summary>
internal sealed class SettingValues(IReadOnlyList<IReadOnlyDictionary<string, string>> layers)
{
    private const string MakeSecret = "make one with: openssl rand -base64 24";

    public List<string> Problems { get; private init; } = [];

    public List<string> Warnings { get; private init; } = [];

    /// <summary>Secrets that are variables of this process: they stay what they are until it ends.</summary>
    public List<string> FixedSecrets { get; private init; } = [];

    /// <summary>What the names of a profile's settings begin with; null: no profile is read.</summary>
    private string? ProfilePrefix { get; init; }

    /// <summary>All names that are set to something.</summary>
    public IEnumerable<string> Names =>
        layers.SelectMany(layer => layer).Where(pair => pair.Value.Length > 0).Select(pair => pair.Key).Distinct(StringComparer.Ordinal);

    /// <summary>The same values, problems and warnings, for the settings of one profile.</summary>
    public SettingValues OfProfile(string prefix) =>
        new(layers) { Problems = Problems, Warnings = Warnings, FixedSecrets = FixedSecrets, ProfilePrefix = prefix };

    /// <summary>The variable's full name.</summary>
    public string NameOf(Setting setting) => setting.IsOfProfile
        ? (ProfilePrefix ?? throw new InvalidOperationException($"{setting.Name} is a setting of a profile.")) + setting.Name
        : setting.Name;

    public bool IsSet(Setting setting)
    {
        var name = NameOf(setting);
        return Layer(name, setting.IsSecret) is { } layer && (setting.IsSecret || layer[name].Trim().Length > 0);
    }

    /// <summary>False when it is absent or cannot be read; the latter is a problem.</summary>
    public bool TryRead<T>(Setting<T> setting, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        var name = NameOf(setting);
        if (Text(name) is not { } text)
            return false;
        var problems = new List<string>();
        var isRead = setting.Type.Parse(text, problems, out value);
        if (!isRead && problems.Count == 0)
            problems.Add(SettingType.NotA(text, setting.Type.ShouldBe));

        // A problem names the variable first: it decides which part of a reload is kept.
        Problems.AddRange(problems.Select(problem => name + problem));
        return isRead;
    }

    /// <summary>The value, or the default when it is absent or cannot be read; the latter is a problem.</summary>
    public T Read<T>(DefaultedSetting<T> setting) => TryRead(setting, out var value) ? value : setting.Default;

    /// <summary>The value, or null when it is absent or cannot be read; the latter is a problem.</summary>
    public T? Read<T>(Setting<T> setting)
        where T : class => TryRead(setting, out var value) ? value : null;

    /// <summary>The value, or <paramref name="otherwise"/>, where the default depends on other settings.</summary>
    public T Read<T>(Setting<T> setting, T otherwise) => TryRead(setting, out var value) ? value : otherwise;

    /// <summary>The value, or "" and a problem that ends with <paramref name="what"/> when it is absent.</summary>
    public string Required(Setting<string> setting, string what)
    {
        if (Text(NameOf(setting)) is null)
            Problems.Add($"{NameOf(setting)} is not set: {what}.");
        return Read(setting) ?? "";
    }

    /// <summary>The secret, or null when it is absent or cannot be had; the latter is a problem.</summary>
    public Secret? Read(SecretSetting setting)
    {
        var name = NameOf(setting);
        if (SecretText(name) is not { } text)
            return null;
        if (text.Length < setting.MinLength)
            Problems.Add($"{name}: has fewer than {setting.MinLength} characters; {MakeSecret}");
        else if (text.Length < setting.AdvisedLength)
            Warnings.Add($"{name}: has fewer than {setting.AdvisedLength} characters; {MakeSecret}");
        return new Secret(text);
    }

    /// <summary>The text of a setting that is no secret, without blanks around it, or null. An empty value counts as not set.</summary>
    private string? Text(string name) =>
        Layer(name, isSecret: false)?[name].Trim() is { Length: > 0 } text && !IsQuoted(name, text) ? text : null;

    /// <summary>
    /// The text of a secret, from the variable or from the file that <c>NAME_FILE</c> names; null when there is none or it cannot be had.
    /// </summary>
    private string? SecretText(string name)
    {
        if (Layer(name, isSecret: true) is not { } layer)
            return null;
        var direct = layer.GetValueOrDefault(name);
        var file = layer.GetValueOrDefault(name + KnownSettings.FileSuffix);
        if (!string.IsNullOrEmpty(direct) && !string.IsNullOrEmpty(file))
        {
            Problems.Add($"{name} and {name}{KnownSettings.FileSuffix} are both set; set one.");
            return null;
        }

        if (string.IsNullOrEmpty(file) && ReferenceEquals(layer, layers[0]) && !FixedSecrets.Contains(name))
            FixedSecrets.Add(name);
        var given = string.IsNullOrEmpty(file) ? name : name + KnownSettings.FileSuffix;
        var text = string.IsNullOrEmpty(file) ? direct : SecretFile.Read(given, file.Trim(), Problems, Warnings);
        if (text is null || IsQuoted(given, text))
            return null;
        if (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
            Warnings.Add($"{given}: the secret begins or ends with a blank, which is taken as part of it; remove it if it is not meant.");
        return text;
    }

    /// <summary>
    /// The name under which the operator gave a secret, <c>NAME</c> or <c>NAME_FILE</c>; null when it is not set, or set by quickstart
    /// alone.
    /// </summary>
    public string? GivenAs(SecretSetting setting)
    {
        var name = NameOf(setting);
        var layer = Layer(name, isSecret: true);
        if (layer is null || ReferenceEquals(layer, layers[^1]))
            return null;
        var given = layer.GetValueOrDefault(name) is { Length: > 0 } ? name : name + KnownSettings.FileSuffix;
        return ReferenceEquals(layer, layers[0]) ? given : $"{given} (of --config)";
    }

    // docker's --env-file and Compose's env_file keep the quotes that a shell takes away.
    private bool IsQuoted(string name, string text)
    {
        if (text.Length < 2 || text[0] != text[^1] || text[0] is not ('"' or '\''))
            return false;
        var problem = $"{name}: the value stands in quotes, which were taken as part of it. Remove the quotes.";
        if (!Problems.Contains(problem))
            Problems.Add(problem);
        return true;
    }

    private IReadOnlyDictionary<string, string>? Layer(string name, bool isSecret) => layers.FirstOrDefault(layer =>
        layer.GetValueOrDefault(name) is { Length: > 0 }
        || (isSecret && layer.GetValueOrDefault(name + KnownSettings.FileSuffix) is { Length: > 0 }));
}
