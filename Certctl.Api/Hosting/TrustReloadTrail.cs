using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Enrolment;
using Certctl.Application.Scep;

namespace Certctl.Api.Hosting;

/// <summary>Writes down what a SIGHUP did to the connectors of each profile; a signal waits for no database.</summary>
internal sealed partial class TrustReloadTrail(ScepProfileTable profiles, IAuditRepository audit, TimeProvider clock, ILogger<TrustReloadTrail> logger)
{
    private static readonly AdminCaller Signal = new("SIGHUP", "signal");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="problems">Empty: the new bundles are in use.</param>
    public void Begin(IReadOnlyList<string> problems)
    {
        var now = clock.GetUtcNow();
        foreach (var profile in profiles.All.Values.Where(profile => profile.Intune is not null))
            _ = WriteAsync(profile, problems, now);
    }

    private async Task WriteAsync(ScepProfile profile, IReadOnlyList<string> problems, DateTimeOffset now)
    {
        using var patience = new CancellationTokenSource(Patience);
        var write = audit.AppendAsync(TrustTrail.Reloaded(profile, Signal, problems, now) with { ActorType = "System" }, patience.Token);
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!write.IsCompletedSuccessfully)
            LogUnwritten(write.Exception, profile.PathId);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The reload of the trust anchors of SCEP profile \"{PathId}\" could not be written to the audit trail")]
    private partial void LogUnwritten(Exception? exception, string pathId);
}
