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

    /// <summary>Name and value of each argument of the entry that has a value, in order.</summary>
    public static IEnumerable<(string Name, object Value)> Of<TState>(in LogEntry<TState> entry)
    {
        if (entry.State is not IReadOnlyList<KeyValuePair<string, object?>> state)
            return [];
        return state.Where(field => field.Key != Template && field.Value is not null)
            .Select(field => (SnakeCase.GetOrAdd(field.Key, JsonNamingPolicy.SnakeCaseLower.ConvertName), field.Value!));
    }

    /// <summary>The same without those that the entry's text holds.</summary>
    public static IEnumerable<(string Name, object Value)> BesidesText<TState>(in LogEntry<TState> entry)
    {
        if (entry.State is not IReadOnlyList<KeyValuePair<string, object?>> state || state.Count == 0 || state[^1].Value is not string template)
            return [];
        var said = Placeholders.GetOrAdd(template, Names);
        return Of(entry).Where(field => !said.Contains(field.Name));
    }

    private static string[] Names(string template) =>
        [.. template.Split('{').Skip(1).Select(part => JsonNamingPolicy.SnakeCaseLower.ConvertName(part.Split('}', ':', ',')[0]))];
}
