using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Http;
using Certctl.Domain.Profiles;

namespace Certctl.Api.Pages.Profiles;

/// <summary>What an input takes.</summary>
public enum ProfileFieldKind
{
    Text,
    Number,
    YesOrNo,

    /// <summary>A value a line.</summary>
    Lines,

    /// <summary>A kind of key and its least size a line.</summary>
    Keys,
}

/// <summary>One member of a certificate profile, as it is being edited.</summary>
/// <param name="Name">The key of the REST API.</param>
public sealed record ProfileField(string Name, ProfileFieldKind Kind)
{
    public string Text { get; set; } = "";

    public bool IsOn { get; set; }
}

/// <param name="Before">Null: the profile is new.</param>
public sealed record ProfileChange(string Name, string? Before, string After);

/// <summary>A certificate profile as a form: its members are those of the REST API, and so are the rules.</summary>
internal sealed class ProfileForm
{
    private static readonly string[] Shown = ["version", "created_at", "updated_at"];

    public IReadOnlyList<ProfileField> Fields { get; private init; } = [];

    /// <param name="isNew">The form begins with the values of <paramref name="profile"/>, but for its names.</param>
    public static ProfileForm Of(CertificateProfile profile, bool isNew) => new()
    {
        Fields = [.. Members(profile).Select(member => Field(
            member.Key, member.Value!, isNew && member.Key is ("id" or "name" or "description")))],
    };

    /// <summary>Each member that differs, in words.</summary>
    public static IReadOnlyList<ProfileChange> ChangesOf(CertificateProfile? before, CertificateProfile after)
    {
        var old = before is null ? null : Members(before);
        return
        [
            .. Members(after).Select(member => new ProfileChange(member.Key, old is null ? null : Words(old[member.Key]!), Words(member.Value!)))
                .Where(change => change.Before != change.After),
        ];
    }

    /// <summary>The profile as it would be stored, or what is wrong by member; under "body" what belongs to none.</summary>
    public (CertificateProfile? Profile, IReadOnlyDictionary<string, string[]> Problems) Read(CertificateProfile? stored, DateTimeOffset now)
    {
        var problems = new Dictionary<string, string[]>();
        var json = new JsonObject();
        foreach (var field in Fields)
        {
            if (ValueOf(field) is { } value)
                json[field.Name] = value;
            else
                problems[field.Name] = [field.Kind == ProfileFieldKind.Number ? Texts.NotANumber : Texts.NotAKeyRule];
        }

        if (problems.Count > 0)
            return (null, problems);
        var profile = json.Deserialize<ProfileJson>(ProfileJson.Options)!.ToProfile(stored, now, out var found);
        return (profile, AdminAnswer.ByField(found));
    }

    private static JsonObject Members(CertificateProfile profile)
    {
        var json = JsonSerializer.SerializeToNode(ProfileJson.From(profile), ProfileJson.Options)!.AsObject();
        foreach (var name in Shown)
            json.Remove(name);
        return json;
    }

    private static ProfileField Field(string name, JsonNode value, bool isEmpty) => value.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => new(name, ProfileFieldKind.YesOrNo) { IsOn = value.GetValue<bool>() },
        JsonValueKind.Number => new(name, ProfileFieldKind.Number) { Text = Words(value) },
        JsonValueKind.Array when name == "allowed_key_algorithms" => new(name, ProfileFieldKind.Keys) { Text = Words(value) },
        JsonValueKind.Array => new(name, ProfileFieldKind.Lines) { Text = Words(value) },
        _ => new(name, ProfileFieldKind.Text) { Text = isEmpty ? "" : Words(value) },
    };

    private static string Words(JsonNode value) => value switch
    {
        JsonArray list => string.Join('\n', list.Select(item => Words(item!))),
        JsonObject rule => $"{rule["algorithm"]} {rule["min_size"]}",
        _ => value.ToString(),
    };

    private static JsonNode? ValueOf(ProfileField field) => field.Kind switch
    {
        ProfileFieldKind.YesOrNo => field.IsOn,
        ProfileFieldKind.Number =>
            int.TryParse(field.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        ProfileFieldKind.Lines => new JsonArray([.. LinesOf(field).Select(line => (JsonNode)line)]),
        ProfileFieldKind.Keys => KeysOf(field),
        _ => field.Text.Trim(),
    };

    private static JsonArray? KeysOf(ProfileField field)
    {
        var keys = new JsonArray();
        foreach (var parts in LinesOf(field).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                return null;
            keys.Add(new JsonObject { ["algorithm"] = parts[0], ["min_size"] = size });
        }

        return keys;
    }

    private static string[] LinesOf(ProfileField field) =>
        field.Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
