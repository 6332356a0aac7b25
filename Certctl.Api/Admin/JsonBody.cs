using System.Text.Json;

namespace Certctl.Api.Admin;

/// <summary>Small bodies, read strictly and whatever Content-Length says: chunks have none.</summary>
internal static class JsonBody
{
    private const int Most = 64 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    private static readonly JsonSerializerOptions Known = new(ApiJson.Options)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
        MaxDepth = 8,
    };

    /// <summary>The body as a record; null where there is none. Errors by field when it is something else: an unknown name, a wrong kind, one name twice.</summary>
    public static async Task<(T? Body, IReadOnlyDictionary<string, string[]>? Errors)> ReadAsync<T>(HttpContext http, CancellationToken cancellationToken)
        where T : class
    {
        var octets = new byte[Most + 1];
        var read = await http.Request.Body.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken);
        if (read > Most)
            return (null, Wrong("body", $"is longer than {Most} octets"));
        if (read == 0)
            return (null, null);
        try
        {
            return JsonSerializer.Deserialize<T>(octets.AsSpan(0, read), Known) is { } body ? (body, null) : (null, Wrong("body", "is null"));
        }
        catch (JsonException malformed)
        {
            var field = malformed.Path?.Split('.', '[') is [_, { Length: > 0 } first, ..] ? first : "body";
            return (null, Wrong(field, "is no JSON, of the wrong kind, not known, or given twice"));
        }
    }

    private static Dictionary<string, string[]> Wrong(string field, string problem) => new() { [field] = [problem] };

    /// <summary>The text under a name of the object; null where there is no body, no such name, or null. A problem when the body is something else.</summary>
    public static async Task<(string? Text, string? Problem)> TextAsync(HttpContext http, string name, CancellationToken cancellationToken)
    {
        var octets = new byte[Most + 1];
        var read = await http.Request.Body.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken);
        if (read > Most)
            return (null, $"Invalid JSON body: longer than {Most} octets");
        if (read == 0)
            return (null, null);
        try
        {
            using var json = JsonDocument.Parse(octets.AsMemory(0, read), Strict);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return (null, "Invalid JSON body: an object is expected");
            if (!json.RootElement.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                return (null, null);
            return value.ValueKind == JsonValueKind.String ? (value.GetString(), null) : (null, $"Invalid JSON body: {name} must be a string");
        }
        catch (JsonException)
        {
            return (null, "Invalid JSON body: it is no JSON object whose names differ");
        }
        catch (InvalidOperationException)
        {
            // Octets that are no UTF-8, or half of a surrogate pair.
            return (null, $"Invalid JSON body: {name} is no text");
        }
    }
}
