using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// One JSON object a line: <c>time</c>, <c>level</c>, <c>logger</c>, <c>message</c>, then the entry's named values in snake case, each
/// once; <c>exception</c> where there is one, and its <c>stack_trace</c> once a minute.
/// </summary>
internal sealed class JsonLineFormatter(StackTraces stackTraces, TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "certctl-json";

    private static readonly HashSet<string> Reserved = ["time", "level", "logger", "message", "exception", "stack_trace"];

    // Readable text beside ASCII; control characters, quotes and lone surrogates are escaped by every encoder.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // A line is written on one thread; a second one that begins meanwhile on it (a value that logs when it is written) gets a buffer of its
    // own.
    [ThreadStatic]
    private static Line? _spare;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var line = _spare ?? new Line();
        _spare = null;
        var json = line.Json;
        json.WriteStartObject();
        WriteHead(json, clock.GetUtcNow(), Level(logEntry.LogLevel), logEntry.Category, logEntry.Formatter(logEntry.State, null));
        var fields = LogFields.Of(logEntry);
        for (var i = 0; i < fields.Count; i++)
        {
            if (LogFields.NameOf(fields[i]) is { } name)
                Write(json, Reserved.Contains(name) ? $"{name}_" : name, fields[i].Value!);
        }

        if (logEntry.Exception is { } exception)
        {
            json.WriteString("exception", StackTraces.Summary(exception));
            if (stackTraces.IsDue(logEntry.Category, logEntry.EventId, exception))
                json.WriteString("stack_trace", exception.ToString());
        }

        json.WriteEndObject();
        line.WriteTo(textWriter);
        if (line.TryReset())
            _spare = line;
    }

    /// <summary>A line of the same form for what is said outside the log.</summary>
    public static string LineOf(DateTimeOffset time, string level, string logger, string message)
    {
        var line = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            WriteHead(json, time, level, logger, message);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    private static void WriteHead(Utf8JsonWriter json, DateTimeOffset time, string level, string logger, string message)
    {
        Span<char> text = stackalloc char[TextLineFormatter.TimeFormat.Length];
        time.UtcDateTime.TryFormat(text, out var length, TextLineFormatter.TimeFormat, CultureInfo.InvariantCulture);
        json.WriteString("time", text[..length]);
        json.WriteString("level", level);
        json.WriteString("logger", logger);
        json.WriteString("message", message);
    }

    private static void Write(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, Math.Round(number, 1));
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case IFormattable formattable:
                json.WriteString(name, formattable.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteString(name, value.ToString());
                break;
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "critical",
    };

    /// <summary>The buffers of a line, used again for the next one.</summary>
    private sealed class Line
    {
        // A stack trace is longer; its buffers are not worth keeping.
        private const int MaxKept = 16 * 1024;

        private readonly ArrayBufferWriter<byte> _octets = new(1024);
        private char[] _text = new char[1024];

        public Line() => Json = new Utf8JsonWriter(_octets, Options);

        public Utf8JsonWriter Json { get; }

        /// <summary>Writes the finished object and the end of the line.</summary>
        public void WriteTo(TextWriter writer)
        {
            Json.Flush();
            if (_text.Length < _octets.WrittenCount)
                _text = new char[_octets.WrittenCount];
            writer.Write(_text, 0, Encoding.UTF8.GetChars(_octets.WrittenSpan, _text));
            writer.WriteLine();
        }

        /// <summary>Ready for another line; false: it has grown too large.</summary>
        public bool TryReset()
        {
            if (_octets.Capacity > MaxKept)
                return false;
            _octets.ResetWrittenCount();
            Json.Reset();
            return true;
        }
    }
}
