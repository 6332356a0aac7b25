using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Certctl.Domain.Profiles;
using Microsoft.OpenApi;

namespace Certctl.Api.Rest.Http;

/// <summary>JSON Schema's types of a value.</summary>
internal enum JsonKind
{
    String,
    Integer,
    Boolean,
    Array,
    Object,
}

/// <summary>What one value of a query or of a body may be. The check of a request and the OpenAPI document both come from here.</summary>
internal sealed record ValueRule(JsonKind Type)
{
    public static readonly ValueRule Time = new(JsonKind.String) { Format = "date-time" };

    /// <summary>JSON Schema's word, such as <c>date-time</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Of an integer.</summary>
    public long? Min { get; init; }

    public long? Max { get; init; }

    /// <summary>Characters of a string (<see cref="TextLength"/>), values of an array.</summary>
    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>Regular expression of the whole string.</summary>
    public string? Pattern { get; init; }

    /// <summary>The pattern in words, after "must be".</summary>
    public string? PatternInWords { get; init; }

    /// <summary>The only values; null: any.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>Of each value of an array.</summary>
    public ValueRule? Items { get; init; }

    /// <summary>Of an object.</summary>
    public BodyRule? Members { get; init; }

    /// <summary>What is wrong with the value of a query parameter, beginning with "must"; null: nothing.</summary>
    public string? FindProblem(string text) => Type switch
    {
        JsonKind.Integer =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? FindProblem(number) : MustBeInteger,
        JsonKind.Boolean => text is "true" or "false" ? null : "must be true or false",
        _ => FindTextProblem(text),
    };

    /// <summary>Likewise of a value in JSON.</summary>
    public string? FindProblem(JsonElement value) => Type switch
    {
        JsonKind.Integer =>
            value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? FindProblem(number) : MustBeInteger,
        JsonKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
        JsonKind.Array => FindArrayProblem(value),
        JsonKind.Object => Members!.Check(value) is { Count: > 0 } errors ? $"{errors.First().Key} {errors.First().Value[0]}" : null,
        _ when value.ValueKind != JsonValueKind.String => Words is null ? "must be a string" : MustBeWord,
        _ => JsonText.Of(value) is { } text ? FindTextProblem(text) : "must not hold half of a surrogate pair",
    };

    /// <summary>Writes the rule into the schema of its value.</summary>
    public void Describe(OpenApiSchema schema)
    {
        schema.Format = Format ?? schema.Format;
        schema.Minimum = Min?.ToString(CultureInfo.InvariantCulture) ?? schema.Minimum;
        schema.Maximum = Max?.ToString(CultureInfo.InvariantCulture) ?? schema.Maximum;
        if (Type == JsonKind.Array)
            (schema.MinItems, schema.MaxItems) = (MinLength, MaxLength);
        else
            (schema.MinLength, schema.MaxLength) = (MinLength, MaxLength);
        schema.Pattern = Pattern ?? schema.Pattern;
        if (Words is { } words)
            schema.Enum = [.. words.Select(word => (JsonNode)JsonValue.Create(word))];
        if (Items is { } items && schema.Items is OpenApiSchema each)
            items.Describe(each);
    }

    private string MustBeInteger => (Min, Max) switch
    {
        (null, null) => "must be a whole number",
        ({ } min, null) => string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {Min ?? int.MinValue} to {Max}"),
    };

    private string MustBeWord => $"must be one of {string.Join(", ", Words!)}";

    private string? FindProblem(long number) => number >= (Min ?? int.MinValue) && number <= (Max ?? int.MaxValue) ? null : MustBeInteger;

    private string? FindTextProblem(string text)
    {
        if (Words is not null)
            return Words.Contains(text, StringComparer.Ordinal) ? null : MustBeWord;
        if (Format == "date-time")
            return Rfc3339.Parse(text) is null ? "must be a time with its offset from UTC, such as 2026-11-27T08:00:00Z" : null;
        var length = TextLength.Of(text);
        if (length < MinLength || length > MaxLength)
            return LengthProblem("characters");
        return Pattern is null || IsWhole(text, Pattern) ? null : $"must be {PatternInWords}";
    }

    // "$" alone would let a line feed pass at the end.
    private static bool IsWhole(string text, string pattern) =>
        text.Length > 0 && Regex.Match(text, pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking).Length == text.Length;

    private string? FindArrayProblem(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return "must be an array";
        var length = value.GetArrayLength();
        if (length < MinLength || length > MaxLength)
            return LengthProblem("values");
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (Items!.FindProblem(item) is { } problem)
                return Items.Type == JsonKind.Object ? $"[{index}]: {problem}" : $"[{index}] {problem}";
            index++;
        }

        return null;
    }

    private string LengthProblem(string unit) => (MinLength, MaxLength) switch
    {
        (null or 0, { } max) => string.Create(CultureInfo.InvariantCulture, $"must have at most {max} {unit}"),
        ({ } min, null) => string.Create(CultureInfo.InvariantCulture, $"must have at least {min} {unit}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"must have {MinLength} to {MaxLength} {unit}"),
    };
}
