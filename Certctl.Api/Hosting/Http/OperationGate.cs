using Certctl.Api.Hosting.Telemetry;

namespace Certctl.Api.Hosting.Http;

/// <summary>
/// How many requests of devices are worked on at once. Beyond that a device is told to come again: one that waits longer than its own
/// patience only adds the same request a second time. It is about this process alone, so memory is the place for it.
/// </summary>
/// <param name="most">At least 1.</param>
internal sealed partial class OperationGate(int most, RefusedRequests refused, ILogger<OperationGate> logger)
{
    private int _inside;
    private int _refusing;

    /// <summary>Answers, or says 503. Only completely received requests count, so that slow senders do not block others.</summary>
    public async Task RunAsync(HttpContext http, Func<Task> answer)
    {
        if (!TryEnter())
        {
            http.Response.Headers.RetryAfter = AccidentHandler.RetryAfterSeconds;
            await DeviceAnswer.Say(http, StatusCodes.Status503ServiceUnavailable, "Too many requests at once.");
            return;
        }

        try
        {
            await answer();
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    private bool TryEnter()
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

    [LoggerMessage(1, LogLevel.Warning, "{Most} requests of devices are under way, so others are told to come again (503): "
        + "the server, its database or its signer is too slow for its devices, or a client sends too many requests")]
    private partial void LogFull(int most);
}
