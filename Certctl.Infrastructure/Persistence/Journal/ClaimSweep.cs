using Certctl.Application.Enrolments.Journal;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>
/// Takes away what the journal kept for a time that is over: challenges that have expired, slots whose 24 hours are over.
/// </summary>
public interface IClaimSweep
{
    /// <summary>
    /// Deletes one small batch of each, so that no request waits for it. Returns the number of deleted rows; 0: nothing is left.
    /// </summary>
    Task<int> SweepAsync(CancellationToken cancellationToken);
}

/// <inheritdoc cref="IClaimSweep"/>
internal sealed class ClaimSweep(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock) : IClaimSweep
{
    public const int BatchLimit = 500;

    // By the database's time, and somewhat late: two that race with one challenge must meet at its row also when a process takes it past
    // its end.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var until = await clock.ReadAsync(cancellationToken) - Margin;
        var opens = until - DeviceBudget.Window;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var uses = await db.ChallengeUses.Where(use => use.KeptUntil <= until)
            .OrderBy(use => use.KeptUntil).Take(BatchLimit).ExecuteDeleteAsync(cancellationToken);

        // SQLite has no clock but the host's. Where that runs ahead for a while, a device whose slots were swept would have its budget anew
        // afterwards; the rows are few, and the next certificates of the device write over them.
        if (db.Database.IsSqlite())
            return uses;
        var slots = await db.DeviceSlots.Where(slot => slot.TakenAt <= opens)
            .OrderBy(slot => slot.TakenAt).Take(BatchLimit).ExecuteDeleteAsync(cancellationToken);
        return uses + slots;
    }
}
