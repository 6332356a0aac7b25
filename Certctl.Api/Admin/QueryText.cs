using Certctl.Api.Admin.Contract;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Admin;

/// <summary>
/// Values of a query, which <see cref="EndpointContract.CheckQueryAsync"/> has checked against its <see cref="QueryField"/>s; null where
/// none is given.
/// </summary>
internal static class QueryText
{
    public static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>What a parameter that takes a serial number is described by.</summary>
    public const string SerialForms =
        "in hex digits (any case; leading zeros, 0x and single colons, blanks or hyphens between digits do not matter), "
        + "or in decimal where it has more than 40 digits";

    /// <summary>The parameter <c>serial</c>, in any of <see cref="SerialForms"/>: 40 lower-case hex digits.</summary>
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

    public static DateTimeOffset? Time(IQueryCollection query, string name) =>
        Text(query, name) is { } text ? Rfc3339.Parse(PlusSign(text)) : null;

    /// <summary>A plus sign that the client did not encode arrives as a space.</summary>
    public static string PlusSign(string text) => text.Replace(' ', '+');

    /// <summary>A value of an enumeration by its word.</summary>
    public static T? Word<T>(IQueryCollection query, string name)
        where T : struct, Enum
    {
        if (Text(query, name) is not { } text)
            return null;
        var index = Words<T>().ToList().IndexOf(text);
        return index < 0 ? null : Enum.GetValues<T>()[index];
    }

    /// <summary>PathID of a SCEP profile: an empty value stands for the root profile, as its word does.</summary>
    public static string? PathId(IQueryCollection query) =>
        query.ContainsKey("path_id") ? ScepPathId.Of(query["path_id"].ToString()) : null;

    /// <summary>The words, as the API writes them.</summary>
    public static IReadOnlyList<string> Words<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}
