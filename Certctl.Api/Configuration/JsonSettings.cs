using System.Text.Json;

namespace Certctl.Api.Configuration;

/// <summary>
/// The same settings from a JSON file: keys are the variable names, whole or without CERTCTL_ and in lower case; profiles may stand as
/// objects under <c>scep_profiles</c> and <c>est_profiles</c>. Comments are allowed.
/// </summary>
internal static class JsonSettings
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static Dictionary<string, string> Read(string path, ICollection<string> problems)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), Lenient);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                ReadObject(document.RootElement, settings, path, problems);
            else
                problems.Add($"{path}: is not a JSON object.");
        }
        catch (JsonException malformed)
        {
            problems.Add($"{path}: line {malformed.LineNumber + 1} is not JSON.");
        }
        catch (IOException unreadable)
        {
            problems.Add($"{path}: cannot be read: {unreadable.Message}");
        }
        catch (UnauthorizedAccessException)
        {
            problems.Add($"{path}: cannot be read by this user.");
        }

        return settings;
    }

    private static void ReadObject(JsonElement root, Dictionary<string, string> settings, string path, ICollection<string> problems)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (property is { Name: "scep_profiles" or "est_profiles", Value.ValueKind: JsonValueKind.Object })
                ReadProfiles(property, settings, path, problems);
            else
                Add(settings, Name(property.Name), property.Value, path, problems);
        }
    }

    private static void ReadProfiles(JsonProperty list, Dictionary<string, string> settings, string path, ICollection<string> problems)
    {
        var naming = list.Name == "est_profiles" ? EndpointNaming.Est : EndpointNaming.Scep;
        var profiles = list.Value;

        // In a list of names it would be none, and its settings would belong to no profile.
        foreach (var profile in profiles.EnumerateObject().Where(profile => profile.Name.Trim().Length == 0 || profile.Name.Contains(',')))
            problems.Add($"{path}: {list.Name} has the name \"{profile.Name}\", which is no name of one profile; give it one.");
        Put(settings, naming.List, string.Join(',', profiles.EnumerateObject().Select(profile => profile.Name)), path, problems);
        foreach (var profile in profiles.EnumerateObject())
        {
            if (profile.Value.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"{path}: {list.Name}.{profile.Name} is not an object.");
                continue;
            }

            foreach (var setting in profile.Value.EnumerateObject())
                Add(
                    settings, naming.PrefixOf(profile.Name) + setting.Name.ToUpperInvariant(),
                    setting.Value, path, problems);
        }
    }

    private static void Add(Dictionary<string, string> settings, string name, JsonElement value, string path, ICollection<string> problems)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
                string.Join(',', value.EnumerateArray().Select(item => item.GetString())),
            _ => null,
        };
        if (text is null)
            problems.Add($"{path}: {name} is neither a string, number, boolean nor list of strings.");
        else
            Put(settings, name, text, path, problems);
    }

    private static void Put(Dictionary<string, string> settings, string name, string value, string path, ICollection<string> problems)
    {
        if (!settings.TryAdd(name, value))
            problems.Add($"{path}: {name} stands twice.");
    }

    private static string Name(string key) =>
        key.StartsWith(KnownSettings.Prefix, StringComparison.OrdinalIgnoreCase)
            ? key.ToUpperInvariant()
            : KnownSettings.Prefix + key.ToUpperInvariant();
}
