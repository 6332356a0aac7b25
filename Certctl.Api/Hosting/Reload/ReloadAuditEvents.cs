using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Enrolment;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;

namespace Certctl.Api.Hosting.Reload;

/// <summary>Writes what a reload did to each part; a signal waits for no database.</summary>
internal sealed partial class ReloadAuditEvents(ScepProfileTable profiles, IAuditRepository audit, TimeProvider clock, ILogger<ReloadAuditEvents> logger)
{
    private static readonly AdminCaller Signal = new(ReservedNames.Signal, "signal");
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <param name="parts">After their commit.</param>
    public void Begin(IEnumerable<StagedPart> parts)
    {
        var now = clock.GetUtcNow();
        foreach (var part in parts)
        {
            // The connectors of a profile have an action of their own, and a line for each reload.
            if (part.Name == ReloadableFiles.Connectors)
                _ = WriteAsync(TrustTrail.Reloaded(profiles.All[part.PathId!], Signal, part.Problems, now) with { ActorType = "System" });
            else if (part.Problems.Count > 0 || part.Change is not null)
                _ = WriteAsync(Event(part, now));
        }
    }

    private static AuditEvent Event(StagedPart part, DateTimeOffset now)
    {
        var refused = part.Problems.Count > 0;
        return AdminTrail.Event(Signal, AuditAction.ConfigurationReloaded, "configuration", part.Name, refused ? $"the old one stays in use: {string.Join("; ", part.Problems)}" : part.Change!, now) with
        {
            ActorType = "System",
            Outcome = refused ? AuditOutcome.Refused : AuditOutcome.Done,
            PathId = part.PathId,
        };
    }

    private async Task WriteAsync(AuditEvent line)
    {
        using var bounded = new CancellationTokenSource(Timeout);
        var write = audit.AppendAsync(line, bounded.Token);
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!write.IsCompletedSuccessfully)
            LogUnwritten(write.Exception, line.PathId is null ? line.ResourceId : $"{line.ResourceId} of SCEP profile \"{line.PathId}\"");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The reload of {Part} could not be written to the audit trail")]
    private partial void LogUnwritten(Exception? exception, string part);
}
