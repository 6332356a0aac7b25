namespace Certctl.Api.Configuration;

/// <summary>
/// The values of one start, from layers of which the first that names a setting wins (environment, then file, then what quickstart supplies), with every
/// problem and warning that reading them meets.
/// </summary>
internal sealed class SettingValues(IReadOnlyList<IReadOnlyDictionary<string, string>> layers)
{
    private const UnixFileMode OpenToOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public List<string> Problems { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>All names that are set to something.</summary>
    public IEnumerable<string> Names => layers.SelectMany(layer => layer).Where(pair => pair.Value.Length > 0).Select(pair => pair.Key).Distinct(StringComparer.Ordinal);

    public bool IsSet(string name, bool isSecret = false) => Layer(name, isSecret) is not null;

    /// <summary>The text of a setting that is no secret, or null. An empty value counts as not set.</summary>
    public string? Text(string name) => Layer(name, isSecret: false) is { } layer ? layer[name] : null;

    /// <summary>The text of a secret, from the variable or from the file that <c>NAME_FILE</c> names; null when there is none or it cannot be had.</summary>
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

        return string.IsNullOrEmpty(file) ? direct : ReadFile(name + KnownSettings.FileSuffix, file);
    }

    /// <summary>The name under which the operator gave a secret, <c>NAME</c> or <c>NAME_FILE</c>; null when it is not set, or set by quickstart alone.</summary>
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

    private IReadOnlyDictionary<string, string>? Layer(string name, bool isSecret) => layers.FirstOrDefault(layer =>
        layer.GetValueOrDefault(name) is { Length: > 0 } || (isSecret && layer.GetValueOrDefault(name + KnownSettings.FileSuffix) is { Length: > 0 }));

    private string? ReadFile(string name, string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            if ((File.GetUnixFileMode(path) & OpenToOthers) != UnixFileMode.None)
                Warnings.Add($"{name}: {path} can be read by others; run: chmod 600 '{path}'");

            // One line end: that is the editor's. Anything more is the secret's.
            text = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
            if (text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal))
                return text;
            Problems.Add($"{name}: {path} is empty or holds a NUL.");
        }
        catch (IOException unreadable)
        {
            Problems.Add($"{name}: {path} cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException)
        {
            Problems.Add($"{name}: {path} must not be read by this user.");
        }

        return null;
    }
}
