using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Api.Hosting.Http;

namespace Certctl.Api.Rest.Http;

/// <summary>Small bodies, read strictly and whatever Content-Length says: chunks have none.</summary>
internal static class JsonBody
{
    private const int MaxOctets = 64 * 1024;

    private static readonly JsonSerializerOptions Known = new(ApiJson.Options)
    {
        PropertyNameCaseInsensitive = false,
        Converters = { new TimeInUtc() },
    };

    /// <summary>
    /// The body as a record that keeps to its <see cref="BodyRule"/>; null where there is none. Errors by member when it does not. Throws
    /// what becomes a 413 when it is too long.
    /// </summary>
    public static async Task<(T? Body, IReadOnlyDictionary<string, string[]>? Errors)> ReadAsync<T>(
        HttpContext http, CancellationToken cancellationToken)
        where T : class
    {
        var octets = new byte[MaxOctets + 1];
        var read = 0;
        int next;
        while (read < octets.Length && (next = await http.Request.ReadBodyAsync(octets.AsMemory(read), cancellationToken)) > 0)
            read += next;
        if (read > MaxOctets)
            throw new BadHttpRequestException($"The body is longer than {MaxOctets} octets.", StatusCodes.Status413PayloadTooLarge);
        var rule = BodyRule.Of(typeof(T));
        if (read == 0)
            return (null, Missing(rule));
        try
        {
            using var json = JsonDocument.Parse(octets.AsMemory(0, read));
            var errors = rule.Check(json.RootElement);
            return errors.Count == 0 ? (json.RootElement.Deserialize<T>(Known), null) : (null, errors);
        }
        catch (JsonException malformed)
        {
            var place = string.Create(
                CultureInfo.InvariantCulture, $"line {malformed.LineNumber + 1}, position {malformed.BytePositionInLine + 1}");
            return (null, new Dictionary<string, string[]> { ["body"] = [$"is not valid JSON ({place})"] });
        }
    }

    private static Dictionary<string, string[]>? Missing(BodyRule rule)
    {
        var errors = rule.Members.Where(member => member.Value.IsRequired)
            .ToDictionary(member => member.Key, member => new[] { member.Value.Required }, StringComparer.Ordinal);
        return errors.Count == 0 ? null : new(errors.Prepend(new("body", ["is required"])), StringComparer.Ordinal);
    }

    private sealed class TimeInUtc : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Rfc3339.Parse(reader.GetString()!) ?? throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }
}
