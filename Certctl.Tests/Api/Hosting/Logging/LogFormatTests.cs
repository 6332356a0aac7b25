using System.Text.Json;
using Certctl.Api.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Logging;

public sealed partial class LogFormatTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 30, 8, 5, 4, 321, TimeSpan.Zero));
    private readonly StackTraces _stackTraces;

    public LogFormatTests() => _stackTraces = new StackTraces(_clock);

    [Fact]
    public void A_JSON_line_has_each_value_once_under_its_own_name()
    {
        var line = Json(logger => LogOutcome(logger, "pkcs_req", "issued", "corp", null, "CN=d\u00f6rte \"x\"", 12.345));
        Assert.Equal(
            """
            {"time":"2026-11-30T08:05:04.321Z","level":"info","logger":"Test","message":"SCEP pkcs_req issued",
            "kind":"pkcs_req","outcome":"issued","path_id":"corp","subject":"CN=NAME \"x\"","duration_ms":12.3}
            """.ReplaceLineEndings("").Replace("NAME", "d\u00f6rte", StringComparison.Ordinal),
            line);
    }

    [Fact]
    public void A_text_line_has_the_values_that_its_message_does_not_say() => Assert.Equal(
        "2026-11-30T08:05:04.321Z info: Test[1] SCEP pkcs_req issued path_id=\"\" subject=\"CN=d \\\"x\\\"\" duration_ms=12.3",
        Text(logger => LogOutcome(logger, "pkcs_req", "issued", "", null, "CN=d \"x\"", 12.345)));

    [Theory]
    [InlineData("x\n2026 info: FORGED LINE")]
    [InlineData("\u001b[2J")]
    [InlineData("\u009b2J")]
    [InlineData("a\u2028b")]
    [InlineData("a\r\u0085b")]
    public void No_value_writes_a_line_or_moves_a_cursor(string hostile)
    {
        foreach (var line in new[]
        {
            Json(logger => LogOutcome(logger, "k", "o", hostile, hostile, hostile, 0)),
            Text(logger => LogOutcome(logger, hostile, "o", hostile, hostile, hostile, 0)),
        })
            Assert.DoesNotContain(line, c => char.IsControl(c) || c is '\u2028');
    }

    [Theory]
    [InlineData("x\n2026-11-30T08:05:04.321Z info: Test[1] FORGED")]
    [InlineData("x\r2026-11-30T08:05:04.321Z info: Test[1] FORGED")]
    [InlineData("x\u00852026-11-30T08:05:04.321Z info: Test[1] FORGED")]
    [InlineData("x\u20282026-11-30T08:05:04.321Z info: Test[1] FORGED")]
    [InlineData("\u001b[2J\u009b2J\0")]
    public void No_message_of_an_exception_writes_an_entry_or_moves_a_cursor(string hostile)
    {
        var written = Text(logger => LogAccident(logger, new InvalidOperationException("outer", new TimeoutException(hostile))));
        var lines = written.Split(['\n', '\r', '\u0085', '\u2028', '\u2029']);
        Assert.StartsWith("2026-11-30T08:05:04.321Z fail: Test[3] It failed | ", lines[0], StringComparison.Ordinal);
        Assert.True(lines.Length > 1);
        Assert.All(lines[1..], line => Assert.StartsWith("    ", line, StringComparison.Ordinal));
        Assert.DoesNotContain(written, c => c != '\n' && (char.IsControl(c) || c is '\u2028'));
    }

    [Fact]
    public void A_JSON_line_after_a_long_one_or_one_that_broke_off_is_whole()
    {
        foreach (var subject in new[] { new string('\u00e9', 40_000), "CN=short" })
        {
            using var line = JsonDocument.Parse(Json(logger => LogOutcome(logger, "k", "o", "", null, subject, 0)));
            Assert.Equal(subject, line.RootElement.GetProperty("subject").GetString());
        }

        // A value that cannot be written, and one that logs while it is written.
        Assert.Throws<InvalidOperationException>(
            () => Json(logger => LogValue(logger, new Value(() => throw new InvalidOperationException()))));
        var inner = "";
        using var outer = JsonDocument.Parse(
            Json(logger => LogValue(logger, new Value(() => inner = Json(other => LogClash(other, "mine", "now"))))));
        using var nested = JsonDocument.Parse(inner);
        Assert.Equal(
            ("Value", "Clash"),
            (outer.RootElement.GetProperty("message").GetString(), nested.RootElement.GetProperty("message").GetString()));
    }

    [Fact]
    public void A_JSON_line_allocates_little()
    {
        const int Lines = 1000;
        var formatter = new JsonLineFormatter(_stackTraces, _clock);
        var logger = new Sink(formatter, TextWriter.Null);
        void Write() => LogOutcome(logger, "pkcs_req", "issued", "corp", null, "CN=laptop-0042,O=Example", 12.345);
        Write();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Lines; i++)
            Write();
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Lines;

        // The message, the boxed entry and its numbers; with buffers and a writer for each line it would be 2 kB.
        Assert.True(each < 700, $"{each} octets");
    }

    [Fact]
    public void A_value_named_like_a_field_of_the_line_is_kept_beside_it()
    {
        using var line = JsonDocument.Parse(Json(logger => LogClash(logger, "mine", "now")));
        Assert.Equal(("mine", "now", "Clash"), (
            line.RootElement.GetProperty("message_").GetString(),
            line.RootElement.GetProperty("time_").GetString(),
            line.RootElement.GetProperty("message").GetString()));
    }

    [Fact]
    public void An_outage_writes_its_stack_trace_once_a_minute_and_its_messages_each_time()
    {
        string[] Lines(int count, Func<Action<ILogger>, string> write) =>
            [.. Enumerable.Range(0, count).Select(_ => write(logger => LogAccident(logger, Thrown())))];

        var json = Lines(50, Json);
        Assert.All(json, line => Assert.Contains(
            "\"exception\":\"InvalidOperationException: outer part; TimeoutException: no answer\"", line, StringComparison.Ordinal));
        Assert.Single(json, line => line.Contains("stack_trace", StringComparison.Ordinal));
        Assert.Contains("   at ", JsonDocument.Parse(json[0]).RootElement.GetProperty("stack_trace").GetString(), StringComparison.Ordinal);
        Assert.All(json, line => Assert.DoesNotContain('\n', line));

        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.DoesNotContain("   at ", Lines(1, Text)[0], StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(Lines(50, Text), line => line.Contains("   at ", StringComparison.Ordinal));

        // Another kind of failure is shown at once.
        Assert.Contains("   at ", Text(logger => LogOther(logger, Thrown())), StringComparison.Ordinal);
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("outer\r\npart", new TimeoutException("no answer"));
        }
        catch (InvalidOperationException thrown)
        {
            return thrown;
        }
    }

    private string Json(Action<ILogger> log) => Written(new JsonLineFormatter(_stackTraces, _clock), log);

    private string Text(Action<ILogger> log) => Written(new TextLineFormatter(_stackTraces, _clock), log);

    private static string Written(ConsoleFormatter formatter, Action<ILogger> log)
    {
        using var writer = new StringWriter();
        log(new Sink(formatter, writer));
        return writer.ToString().TrimEnd('\n');
    }

    [LoggerMessage(1, LogLevel.Information, "SCEP {Kind} {Outcome}")]
    private static partial void LogOutcome(
        ILogger logger, string kind, string outcome, string pathId, string? reason, string subject, double durationMs);

    [LoggerMessage(2, LogLevel.Information, "Clash")]
    private static partial void LogClash(ILogger logger, string message, string time);

    [LoggerMessage(3, LogLevel.Error, "It failed")]
    private static partial void LogAccident(ILogger logger, Exception accident);

    [LoggerMessage(4, LogLevel.Error, "It failed, too")]
    private static partial void LogOther(ILogger logger, Exception accident);

    [LoggerMessage(5, LogLevel.Information, "Value")]
    private static partial void LogValue(ILogger logger, Value value);

    private sealed class Value(Func<string> write)
    {
        public override string ToString() => write();
    }

    private sealed class Sink(ConsoleFormatter formatter, TextWriter writer) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> format) =>
            formatter.Write(new LogEntry<TState>(logLevel, "Test", eventId, state, exception, format), null, writer);
    }
}
