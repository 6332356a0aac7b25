namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>What the database lets this process do.</summary>
public enum DatabaseState
{
    Writable,

    /// <summary>It answers, and refuses to write: a standby, a demoted server, a read-only file.</summary>
    ReadOnly,
}

/// <summary>Proves by a write whether enrolments can be committed.</summary>
public interface IDatabaseReadiness
{
    /// <summary>
    /// A real, tiny, durable write, at most one a second however many ask, also while it fails. Throws what the driver throws; where the
    /// database hangs it does not return, so a caller bounds its wait and then calls <see cref="Suspect"/>.
    /// </summary>
    Task<DatabaseState> AskAsync();

    /// <summary>An answer took too long.</summary>
    void Suspect();
}

/// <inheritdoc cref="IDatabaseReadiness"/>
/// <param name="write">Over the very connections that enrolments use.</param>
internal sealed class DatabaseReadiness(Func<Task<DatabaseState>> write, DatabaseCircuit circuit) : IDatabaseReadiness
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    // A question on a connection whose peer has vanished waits for long: by then another one is asked.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<DatabaseState>? _asked;
    private long _askedAt;
    private long _endedAt;

    public Task<DatabaseState> AskAsync()
    {
        if (circuit.IsOpen)
            return Task.FromException<DatabaseState>(new DatabaseUnavailableException("The database does not answer."));
        lock (_lock)
        {
            if (_asked is { IsCompleted: false } && TimeProvider.System.GetElapsedTime(_askedAt) < MaxWait)
                return _asked;
            if (_asked is { IsCompleted: true } && TimeProvider.System.GetElapsedTime(Volatile.Read(ref _endedAt)) < MaxAge)
                return _asked;

            // No request's token: one that is given up must not end the look for the others.
            _askedAt = TimeProvider.System.GetTimestamp();
            return _asked = Task.Run(WriteAsync);
        }
    }

    public void Suspect() => circuit.Suspect();

    private async Task<DatabaseState> WriteAsync()
    {
        try
        {
            return await write();
        }
        finally
        {
            Volatile.Write(ref _endedAt, TimeProvider.System.GetTimestamp());
        }
    }
}
