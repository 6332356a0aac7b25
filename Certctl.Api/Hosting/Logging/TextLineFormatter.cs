using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// Human-readable log lines: <c>TIME level: LOGGER[EVENT] message name=value …</c>, with the values that the message does not hold.
/// Control characters are escaped, so that no value can write a line or move a cursor; a stack trace follows on indented lines of its own,
/// once a minute.
/// </summary>
internal sealed class TextLineFormatter(StackTraces stackTraces, TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "certctl-text";

    private const string Indent = "    ";

    /// <summary>RFC 3339 in UTC, with milliseconds.</summary>
    public const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var line = new StringBuilder(256);
        line.Append(clock.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)).Append(' ')
            .Append(Level(logEntry.LogLevel)).Append(": ");
        line.Append(logEntry.Category).Append('[').Append(logEntry.EventId.Id).Append("] ");
        Append(line, logEntry.Formatter(logEntry.State, null));
        var fields = LogFields.Of(logEntry);
        var said = LogFields.NamesInText(fields);
        for (var i = 0; i < fields.Count; i++)
        {
            if (LogFields.NameOf(fields[i]) is not { } name || said.Contains(name))
                continue;
            line.Append(' ').Append(name).Append('=');
            AppendValue(line, Words(fields[i].Value!));
        }

        if (logEntry.Exception is { } exception)
            Append(line.Append(" | "), StackTraces.Summary(exception));
        textWriter.WriteLine(line.ToString());
        if (logEntry.Exception is { } traced && stackTraces.IsDue(logEntry.Category, logEntry.EventId, traced))
            WriteStackTrace(textWriter, traced.ToString());
    }

    // Messages of exceptions repeat what clients sent. Each line of the text is indented, so that none of it reads as an entry of its own.
    private static void WriteStackTrace(TextWriter textWriter, string text)
    {
        var lines = new StringBuilder(text.Length + 256);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            lines.Append(Indent);
            Append(lines, line);
            lines.AppendLine();
        }

        textWriter.Write(lines);
    }

    private static string Words(object value) => value is double number
        ? number.ToString("F1", CultureInfo.InvariantCulture)
        : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static void AppendValue(StringBuilder line, string value)
    {
        if (value.Length > 0 && !value.AsSpan().ContainsAny(" \"="))
        {
            Append(line, value);
            return;
        }

        line.Append('"');
        Append(line, value.Replace("\"", "\\\"", StringComparison.Ordinal));
        line.Append('"');
    }

    private static void Append(StringBuilder line, ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
                line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}");
            else
                line.Append(c);
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
