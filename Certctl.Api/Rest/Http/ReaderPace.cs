namespace Certctl.Api.Rest.Http;

/// <summary>Why a client's reading was ended.</summary>
internal enum PaceFault
{
    TooSlow,
    TooLong,
}

/// <summary>
/// How fast a client must take a long answer. Only the time that a write waits for the client counts for the rate, never the time that the
/// database takes. Time comes from the process's monotonic clock.
/// </summary>
internal sealed class ReaderPace(TimeProvider clock)
{
    public const int MinOctetsPerSecond = 16 * 1024;

    /// <summary>For so long a client may take nothing, once it has kept to the rate.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>Of the whole answer: a snapshot of the database is held meanwhile.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _credit = Window;

    /// <summary>Runs one write, and ends it when the client is too slow; null when it was done.</summary>
    public async Task<PaceFault?> WriteAsync(Func<CancellationToken, Task> write, int octets, CancellationToken aborted)
    {
        var left = Longest - clock.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            return PaceFault.TooLong;
        if (_credit <= TimeSpan.Zero)
            return PaceFault.TooSlow;
        var started = clock.GetTimestamp();
        using var patience = new CancellationTokenSource(left < _credit ? left : _credit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted);

        // Kestrel aborts the connection when a write is cancelled, so "aborted" says afterwards no more which of the two came first.
        var isOver = false;
        await using var end = patience.Token.Register(() =>
        {
            isOver = !aborted.IsCancellationRequested;
            either.Cancel();
        });
        try
        {
            await write(either.Token);
        }
        catch (OperationCanceledException) when (Volatile.Read(ref isOver))
        {
            // Kestrel's own body does not throw here: its write ends as if it were done.
        }

        if (Volatile.Read(ref isOver))
            return left < _credit ? PaceFault.TooLong : PaceFault.TooSlow;

        // What was taken faster than it must be counts for later, but for no more than the window.
        var credit = _credit - clock.GetElapsedTime(started) + TimeSpan.FromSeconds((double)octets / MinOctetsPerSecond);
        _credit = credit < Window ? credit : Window;
        return null;
    }
}
