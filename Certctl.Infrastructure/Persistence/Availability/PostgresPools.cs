using Npgsql;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>
/// All pools of PostgreSQL sessions. Where one session turned out to be useless or ended by the server, the others that idle are in the
/// same state.
/// </summary>
internal sealed class PostgresPools(IReadOnlyList<NpgsqlDataSource> sources)
{
    // Sessions that are opened after a clearing say something new; what fails within this time was opened before, and goes when it is
    // returned.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _cleared = TimeProvider.System.GetTimestamp() - TimeProvider.System.TimestampFrequency;

    /// <summary>Closes the idle sessions, and those in use when they are returned, where <paramref name="fault"/> asks for it.</summary>
    public void Judge(Exception? fault)
    {
        if (SessionFaults.Of(fault) != SessionFault.None)
            Clear();
    }

    public void Clear()
    {
        lock (_lock)
        {
            if (TimeProvider.System.GetElapsedTime(_cleared) < Pause)
                return;
            _cleared = TimeProvider.System.GetTimestamp();
        }

        foreach (var source in sources)
            source.Clear();
    }
}
