using System.Text.Json;

namespace Certctl.Api.Admin;

/// <summary>Small bodies, read strictly and whatever Content-Length says: chunks have none.</summary>
internal static class JsonBody
{
    private const int Most = 16 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

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
