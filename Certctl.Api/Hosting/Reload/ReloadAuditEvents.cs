using Certctl.Application.Admin;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Admin.TrustAnchors;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;

namespace Certctl.Api.Hosting.Reload;

/// <summary>Writes what a reload did to each part.</summary>
internal sealed partial class ReloadAuditEvents(
    ScepProfileTable profiles, IAuditRepository audit, TimeProvider clock, ILogger<ReloadAuditEvents> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <param name="parts">After their commit.</param>
    /// <param name="by">Who or what asked for the reload.</param>
    /// <param name="actorType">As <see cref="AuditEvent.ActorType"/>.</param>
    /// <returns>Ends when all are written; fails, after a line in the log, where one cannot be.</returns>
    public Task WriteAsync(IEnumerable<StagedPart> parts, AdminCaller by, string actorType)
    {
        var now = clock.GetUtcNow();
        return Task.WhenAll(parts.Select(part => (part, Line: EventOf(part, by, now))).Where(pair => pair.Line is not null)
            .Select(pair => WriteAsync(pair.Line! with { ActorType = actorType }, pair.part.Description)));
    }

    private AuditEvent? EventOf(StagedPart part, AdminCaller by, DateTimeOffset now)
    {
        // The connectors of a profile have an action of their own, and a line for each reload.
        if (part.Part.Name == PartName.Connectors)
            return TrustTrail.Reloaded(profiles.All[part.Part.PathId!], by, part.Problems, now);
        var refused = part.Problems.Count > 0;
        if (!refused && part.Change is null)
            return null;
        var detail = refused ? $"the old one stays in use: {string.Join("; ", part.Problems)}" : $"{part.Change}";
        return AdminTrail.Event(by, AuditAction.ConfigurationReloaded, "configuration", part.Part.Name, detail, now) with
        {
            Outcome = refused ? AuditOutcome.Refused : AuditOutcome.Done,
            PathId = part.Part.PathId,
        };
    }

    private async Task WriteAsync(AuditEvent line, string part)
    {
        using var bounded = new CancellationTokenSource(Timeout);
        var write = audit.AppendAsync(line, bounded.Token);
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!write.IsCompletedSuccessfully)
            LogUnwritten(write.Exception, part);
        await write;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The reload of {Part} could not be written to the audit trail")]
    private partial void LogUnwritten(Exception? exception, string part);
}
