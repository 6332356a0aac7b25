using System.Text.Json;
using System.Text.Unicode;

namespace Certctl.Application.Challenges.SignedToken;

/// <summary>JSON of strangers: one object in UTF-8, no name twice at any depth, little depth, nothing behind it.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>The object; null, with the defect in words, where it is none.</summary>
    public static JsonDocument? ReadObject(byte[] json, out string? defect)
    {
        defect = "no JSON object in UTF-8 whose names differ";
        if (!Utf8.IsValid(json))
            return null;
        try
        {
            var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                defect = null;
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in a name.
            return null;
        }
    }

    /// <summary>A string's text; null where an escape is half of a surrogate pair, which the platform says by an exception alone.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
