using Certctl.Infrastructure.Persistence.Schema;

namespace Certctl.Api.Commands.Server;

/// <summary>What a migration says of itself, to the log of a server that starts.</summary>
internal sealed partial class LoggedNotices(ILogger logger) : IProgress<MigrationNotice>
{
    public void Report(MigrationNotice value)
    {
        if (value.Waits)
            LogWait(value.Text);
        else
            LogProgress(value.Text);
    }

    [LoggerMessage(1, LogLevel.Information, "Database: {Notice}")]
    private partial void LogProgress(string notice);

    [LoggerMessage(2, LogLevel.Warning, "Database: {Notice}")]
    private partial void LogWait(string notice);
}
