using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Certctl.Api.Hosting.Logging;

/// <summary>The named values of a log entry, in snake case, and what its text already says.</summary>
internal static class LogFields
{
    private const string Template = "{OriginalFormat}";

    // Both grow with the log statements of the program, not with what is logged.
    private static readonly ConcurrentDictionary<string, string> SnakeCase = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, string[]> Placeholders = new(StringComparer.Ordinal);

    /// <summary>The arguments of the entry in order, and its template.</summary>
    public static IReadOnlyList<KeyValuePair<string, object?>> Of<TState>(in LogEntry<TState> entry) =>
        entry.State as IReadOnlyList<KeyValuePair<string, object?>> ?? [];

    /// <summary>The name under which an argument is written; null: it has no value, or is the template.</summary>
    public static string? NameOf(KeyValuePair<string, object?> field) =>
        field.Value is null || field.Key == Template ? null : SnakeCase.GetOrAdd(field.Key, JsonNamingPolicy.SnakeCaseLower.ConvertName);

    /// <summary>Names of the arguments that the entry's text holds.</summary>
    public static string[] NamesInText(IReadOnlyList<KeyValuePair<string, object?>> fields) =>
        fields is [.., { Key: Template, Value: string template }] ? Placeholders.GetOrAdd(template, Names) : [];

    private static string[] Names(string template) =>
        [.. template.Split('{').Skip(1).Select(part => JsonNamingPolicy.SnakeCaseLower.ConvertName(part.Split('}', ':', ',')[0]))];
}
