namespace Certctl.Api.Rest.Http;

/// <summary>What came of asking for an export.</summary>
internal enum ExportEntry
{
    Entered,

    /// <summary>This principal runs one.</summary>
    OneIsRunning,

    AllTaken,
}

/// <summary>
/// The exports that run in this process: each holds a connection of the lists' and a snapshot of the database for as long as its client
/// reads. One for each principal, so that one client cannot take both.
/// </summary>
internal sealed class ExportSlots
{
    public const int Max = 2;

    private readonly HashSet<string> _running = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    /// <summary>Every <see cref="ExportEntry.Entered"/> is followed by <see cref="Leave"/>.</summary>
    public ExportEntry Enter(string principal)
    {
        lock (_lock)
        {
            if (_running.Contains(principal))
                return ExportEntry.OneIsRunning;
            if (_running.Count == Max)
                return ExportEntry.AllTaken;
            _running.Add(principal);
            return ExportEntry.Entered;
        }
    }

    public void Leave(string principal)
    {
        lock (_lock)
            _running.Remove(principal);
    }
}
