using System.Data.Common;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// Whether the database is known to hang. A wait that takes long makes it suspect; a probe on a connection of its own that gets no answer
/// either opens the circuit: all waits end, and requests are refused at once. While it is open the probe goes on, and its first answer
/// closes the circuit. A database that refuses or fails does not hang: its errors are quick and go to the caller.
/// </summary>
/// <param name="probe">Opens a connection of its own and asks one trivial query.</param>
/// <param name="patience">How long a wait may take before the database is suspect, and how long the probe may take.</param>
internal sealed partial class DatabaseCircuit(Func<CancellationToken, Task> probe, TimeSpan patience, ILogger<DatabaseCircuit> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private CancellationTokenSource _opened = new();
    private Task _probing = Task.CompletedTask;

    public TimeSpan Patience => patience;

    public bool IsOpen => _opened.IsCancellationRequested;

    /// <summary>Cancelled when the circuit opens.</summary>
    public CancellationToken Opened => _opened.Token;

    /// <summary>A wait has taken longer than <see cref="Patience"/>. Many at once make one probe.</summary>
    public void Suspect()
    {
        lock (_lock)
        {
            if (_probing.IsCompleted && !_ending.IsCancellationRequested)
                _probing = Task.Run(ProbeAsync, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _probing;
        _ending.Dispose();
        _opened.Dispose();
    }

    private async Task ProbeAsync()
    {
        if (await AnswersAsync())
            return;
        LogHangs(patience.TotalSeconds);
        await _opened.CancelAsync();
        var since = TimeProvider.System.GetTimestamp();
        do
        {
            await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!await AnswersAsync());

        // The old source is not disposed of: a wait may be about to register with it.
        _opened = new CancellationTokenSource();
        LogAnswers(TimeProvider.System.GetElapsedTime(since).TotalSeconds);
    }

    /// <summary>
    /// False when the probe got no answer in time. What says nothing of the database changes nothing: then the answer is that of the
    /// present state. Nothing is thrown, for the task that asks is the only one that can close the circuit. At the end of the process
    /// nothing is found out any more.
    /// </summary>
    private async Task<bool> AnswersAsync()
    {
        if (_ending.IsCancellationRequested)
            return true;
        var started = TimeProvider.System.GetTimestamp();
        var asking = Task.Run(() => probe(_ending.Token), CancellationToken.None);
        await asking.WaitAsync(patience, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ending.IsCancellationRequested || asking.IsCompletedSuccessfully)
            return true;
        if (!asking.IsCompleted)
        {
            _ = asking.ContinueWith(
                static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

            // Our own timer came late: this process gets no processor, which says nothing of the database.
            return !IsOpen && TimeProvider.System.GetElapsedTime(started) > patience + patience;
        }

        switch (asking.Exception?.InnerException)
        {
            case DatabaseUnavailableException:
                return false;

            // The driver has not asked: it knows of each host that it was away, or cannot write, a moment ago.
            case NpgsqlException fault when DatabaseFault.IsWithoutHost(fault):
                return !IsOpen;
            case DbException fault:
                return fault is PostgresException
                    || DatabaseFault.KindOf(fault) is not (DatabaseFaultKind.NoAnswer or DatabaseFaultKind.Slow);
            case var accident:
                LogProbeFailed(accident);
                return !IsOpen;
        }
    }

    [LoggerMessage(
        1, LogLevel.Error, "The database does not answer (probed for {Seconds} s); requests that need it are refused until it does")]
    private partial void LogHangs(double seconds);

    [LoggerMessage(3, LogLevel.Error, "The probe of the database failed by itself, which says nothing of the database")]
    private partial void LogProbeFailed(Exception? accident);

    [LoggerMessage(2, LogLevel.Warning, "The database answers again after {Seconds:0.0} s")]
    private partial void LogAnswers(double seconds);
}
