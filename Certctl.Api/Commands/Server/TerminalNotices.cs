using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Api.Commands.Server;

/// <summary>What a migration says of itself, to the terminal of a verb.</summary>
internal sealed class TerminalNotices(string verb) : IProgress<MigrationNotice>
{
    public void Report(MigrationNotice value) => Console.Error.WriteLine($"certctl {verb}: {value.Text}");
}
