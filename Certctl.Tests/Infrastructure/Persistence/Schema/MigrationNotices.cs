using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

/// <summary>Collects what a migration says, and waits for a line of it.</summary>
internal sealed class MigrationNotices : IProgress<MigrationNotice>
{
    /// <summary>Notices come at once and often.</summary>
    public static readonly NoticePace Eager = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(50));

    private readonly List<MigrationNotice> _said = [];

    public IReadOnlyList<MigrationNotice> Said
    {
        get
        {
            lock (_said)
                return [.. _said];
        }
    }

    public void Report(MigrationNotice value)
    {
        lock (_said)
            _said.Add(value);
    }

    public async Task<MigrationNotice> SaysAsync(Func<MigrationNotice, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (Said.Where(wanted).ToList() is [var first, ..])
                return first;
            await Task.Delay(20, patience.Token);
        }
    }
}
