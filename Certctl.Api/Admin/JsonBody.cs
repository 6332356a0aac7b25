using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Api.Hosting;

namespace Certctl.Api.Admin;

/// <summary>Small bodies, read strictly and whatever Content-Length says: chunks have none.</summary>
internal static class JsonBody
{
    private const int Most = 64 * 1024;

    private static readonly JsonSerializerOptions Known = new(ApiJson.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        PropertyNameCaseInsensitive = false,
        RespectNullableAnnotations = true,
        MaxDepth = 8,
        Converters = { new TimeWithOffset() },
    };

    /// <summary>
    /// The body as a record; null where there is none. Errors by field when it is something else: an unknown name, a wrong kind, one name twice. Throws
    /// what becomes a 413 when it is too long.
    /// </summary>
    public static async Task<(T? Body, IReadOnlyDictionary<string, string[]>? Errors)> ReadAsync<T>(HttpContext http, CancellationToken cancellationToken)
        where T : class
    {
        var octets = new byte[Most + 1];
        var read = 0;
        int next;
        while (read < octets.Length && (next = await http.Request.ReadBodyAsync(octets.AsMemory(read), cancellationToken)) > 0)
            read += next;
        if (read > Most)
            throw new BadHttpRequestException($"The body is longer than {Most} octets.", StatusCodes.Status413PayloadTooLarge);
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

    /// <summary>RFC 3339 §5.6. A time without its offset would be one of this machine's zone.</summary>
    private sealed class TimeWithOffset : JsonConverter<DateTimeOffset>
    {
        private static readonly string[] Forms = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal))
                && DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                ? time.ToUniversalTime()
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}
