using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>SIGHUP at a server that is only starting: it does not end it, and the reload follows once it serves.</summary>
public sealed class EarlySignalTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task A_server_that_waits_for_the_database_keeps_the_signal_until_it_serves()
    {
        var database = folder.Path("early.db");
        RunningVerb serving;
        await using (new FileStream(database + ".migrate-lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            serving = RunningVerb.Start(folder.Settings(("CERTCTL_DATABASE_URL", $"sqlite://{database}")), "serve");
            await serving.PrintsAsync("waiting for another certctl process that migrates this database");
            await serving.SignalAsync("HUP");
        }

        await using (serving)
        {
            await serving.PrintsAsync("certctl serves https://");
            await serving.PrintsAsync("Reloaded the TLS certificate");
            await serving.SignalAsync("TERM");
            Assert.Equal(0, await serving.EndsAsync());
        }
    }
}
