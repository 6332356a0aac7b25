using Certctl.Api.Hosting.Telemetry;

namespace Certctl.Api.Scep;

/// <summary>
/// How many PKIOperations are worked on at once. Beyond that a device is told to come again: one that waits longer than its own patience
/// only adds the same request a second time. It is about this process alone, so memory is the place for it.
/// </summary>
/// <param name="most">At least 1.</param>
internal sealed partial class OperationGate(int most, RefusedRequests refused, ILogger<OperationGate> logger)
{
    private int _inside;
    private int _refusing;

    /// <summary>True: the caller is in, and calls <see cref="Leave"/> when it is done.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inside) <= most)
        {
            Volatile.Write(ref _refusing, 0);
            return true;
        }

        Interlocked.Decrement(ref _inside);
        refused.Count(StatusCodes.Status503ServiceUnavailable, "too_many_at_once");

        // Once for each time that it fills: a flood must not fill the log too.
        if (Interlocked.Exchange(ref _refusing, 1) == 0)
            LogFull(most);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inside);

    [LoggerMessage(1, LogLevel.Warning, "{Most} PKIOperations are under way, so others are told to come again (503): "
        + "the server, its database or its signer is too slow for its devices, or a client sends too many requests")]
    private partial void LogFull(int most);
}
