using System.Collections.Concurrent;
using System.Text;

namespace Certctl.Api.Hosting.Logging;

/// <summary>
/// How exceptions appear in the log: the chain of messages on one line each time, the stack trace once a minute for each kind of failure.
/// In an outage every request fails alike, and 9 kB for each would fill the disk with one and the same stack.
/// </summary>
internal sealed class StackTraces(TimeProvider clock)
{
    private const int MaxMessage = 300;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // By log statement and type of exception: as many as the program has, whatever clients send.
    private readonly ConcurrentDictionary<(string Category, int Event, Type Type), long> _shown = new();

    /// <summary>"NpgsqlException: Failed to connect; SocketException: Connection refused": without line breaks.</summary>
    public static string Summary(Exception exception)
    {
        var summary = new StringBuilder();
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (summary.Length > 0)
                summary.Append("; ");
            var message = string.Join(
                ' ', inner.Message.Split((char[]?)['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            summary.Append(inner.GetType().Name).Append(": ").Append(message.Length > MaxMessage ? message[..MaxMessage] + "…" : message);
        }

        return summary.ToString();
    }

    /// <summary>Whether this entry is the first of its kind within a minute and shows the stack trace.</summary>
    public bool IsDue(string category, EventId eventId, Exception exception)
    {
        var key = (category, eventId.Id, exception.GetType());
        var now = clock.GetTimestamp();
        if (_shown.TryAdd(key, now))
            return true;
        return _shown.TryGetValue(key, out var last) && clock.GetElapsedTime(last, now) >= Interval && _shown.TryUpdate(key, now, last);
    }
}
