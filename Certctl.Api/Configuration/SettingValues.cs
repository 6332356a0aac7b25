using Certctl.Api.Hosting;

namespace Certctl.Api.Configuration;

/// <summary>
/// The values of one start, from layers of which the first that names a setting wins (environment, then file, then what quickstart
/// supplies), with every problem and warning that reading them meets.
/// </summary>
internal sealed class SettingValues(IReadOnlyList<IReadOnlyDictionary<string, string>> layers)
{
    public List<string> Problems { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>Secrets that are variables of this process: they stay what they are until it ends.</summary>
    public List<string> FixedSecrets { get; } = [];

    /// <summary>All names that are set to something.</summary>
    public IEnumerable<string> Names =>
        layers.SelectMany(layer => layer).Where(pair => pair.Value.Length > 0).Select(pair => pair.Key).Distinct(StringComparer.Ordinal);

    public bool IsSet(string name, bool isSecret = false) => Layer(name, isSecret) is not null;

    /// <summary>The text of a setting that is no secret, without blanks around it, or null. An empty value counts as not set.</summary>
    public string? Text(string name) =>
        Layer(name, isSecret: false)?[name].Trim() is { Length: > 0 } text && !IsQuoted(name, text) ? text : null;

    /// <summary>
    /// The text of a secret, from the variable or from the file that <c>NAME_FILE</c> names; null when there is none or it cannot be had.
    /// </summary>
    public string? SecretText(string name)
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
    public string? GivenAs(string name)
    {
        var layer = Layer(name, isSecret: true);
        if (layer is null || ReferenceEquals(layer, layers[^1]))
            return null;
        var given = layer.GetValueOrDefault(name) is { Length: > 0 } ? name : name + KnownSettings.FileSuffix;
        return ReferenceEquals(layer, layers[0]) ? given : $"{given} (of --config)";
    }

    /// <summary>Notes that a value has not the form it should have; says it without the value where that is secret.</summary>
    public void Reject(string name, string value, string shouldBe) => Problems.Add($"{name}: \"{value}\" is not {shouldBe}.");

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
        layer.GetValueOrDefault(name) is { Length: > 0 } || (isSecret && layer.GetValueOrDefault(name + KnownSettings.FileSuffix) is { Length: > 0 }));
}
