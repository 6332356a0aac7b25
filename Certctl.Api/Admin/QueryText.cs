using System.Globalization;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Admin;

/// <summary>Values of a query; what cannot be read goes into <c>errors</c>, never into a default.</summary>
internal static class QueryText
{
    public static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>What a parameter that takes a serial number is described by.</summary>
    public const string SerialForms = "in hex digits (any case, with or without leading zeros, 0x, colons or blanks), or decimal";

    /// <summary>As people copy it. 40 lower-case hex digits.</summary>
    public static string? Serial(IQueryCollection query, Dictionary<string, string[]> errors)
    {
        if (Text(query, "serial") is not { } text)
            return null;
        if (Serial(text) is { } serial)
            return serial;
        errors["serial"] = [$"must be a serial number {SerialForms}"];
        return null;
    }

    /// <summary>The same of any text; null: it is none.</summary>
    public static string? Serial(string text) => SerialNumberText.Read(text);

    /// <summary>RFC 3339 §5.6.</summary>
    public static DateTimeOffset? Time(IQueryCollection query, string name, Dictionary<string, string[]> errors)
    {
        if (Text(query, name) is not { } text)
            return null;

        // A plus sign that nobody encoded arrives as a space.
        if (DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('T', StringComparison.Ordinal))
            return time;
        errors[name] = ["must be a time such as 2026-11-27T08:00:00Z"];
        return null;
    }

    /// <summary>A word of an enumeration, in any case; never its number.</summary>
    public static T? Word<T>(IQueryCollection query, string name, Dictionary<string, string[]> errors)
        where T : struct, Enum
    {
        if (Text(query, name) is not { } text)
            return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(value.ToString(), text.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
                return value;
        }

        errors[name] = [$"must be one of {string.Join(", ", Words<T>())}"];
        return null;
    }

    /// <summary>The words, as the API writes them.</summary>
    public static IReadOnlyList<string> Words<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}
