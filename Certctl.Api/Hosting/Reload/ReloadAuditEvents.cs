using Certctl.Application.Admin;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;

namespace Certctl.Api.Hosting.Reload;

/// <summary>Writes what a reload did to each part; a signal waits for no database.</summary>
internal sealed partial class ReloadAuditEvents(ScepProfileTable profiles, IAuditRepository audit, TimeProvider clock, ILogger<ReloadAuditEvents> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <param name="parts">After their commit.</param>
    /// <param name="by">Who or what asked for the reload.</param>
    public void Begin(IEnumerable<StagedPart> parts, AdminCaller by)
    {
        var now = clock.GetUtcNow();
        foreach (var part in parts)
        {
            // The connectors of a profile have an action of their own, and a line for each reload.
            if (part.Name == ReloadableFiles.Connectors)
                _ = WriteAsync(TrustTrail.Reloaded(profiles.All[part.PathId!], by, part.Problems, now) with { ActorType = "System" });
            else if (part.Problems.Count > 0 || part.Change is not null)
                _ = WriteAsync(Event(part, by, now));
        }
    }

    private static AuditEvent Event(StagedPart part, AdminCaller by, DateTimeOffset now)
    {
        var refused = part.Problems.Count > 0;
        var detail = refused ? $"the old one stays in use: {string.Join("; ", part.Problems)}" : part.Change!;
        return AdminTrail.Event(by, AuditAction.ConfigurationReloaded, "configuration", part.Name, detail, now) with
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
