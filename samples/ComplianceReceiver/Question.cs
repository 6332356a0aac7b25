using System.Text.Json;

namespace ComplianceReceiver;

/// <summary>
/// What this receiver needs of certctl's question (docs/compliance.md); the rest is ignored, and so is what later versions add.
/// </summary>
/// <param name="Names">The names that the device may be listed under, the best first.</param>
internal sealed record Question(IReadOnlyList<string> Names)
{
    /// <summary>Null when it is no question.</summary>
    public static async Task<Question?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            if (json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("csr", out var csr) || csr.ValueKind != JsonValueKind.Object)
                return null;

            // A signed challenge says for sure which device it is; of the request one only knows what it wishes to be called.
            json.RootElement.TryGetProperty("claim", out var claim);
            string?[] names = claim.ValueKind == JsonValueKind.Object
                ? [Text(claim, "subject"), Text(claim, "device_name")]
                : [Text(csr, "common_name")];
            return new Question([.. names.OfType<string>()]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
