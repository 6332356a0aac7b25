using Certctl.Application.Enrolment;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <summary>Takes away what the journal kept for a time that is over: challenges that have expired, slots whose 24 hours are over.</summary>
public interface IClaimSweep
{
    /// <summary>One small batch of each, so that nobody waits for it. Returns how many rows went; 0: there is nothing left.</summary>
    Task<int> SweepAsync(CancellationToken cancellationToken);
}

/// <inheritdoc cref="IClaimSweep"/>
internal sealed class ClaimSweep(IDbContextFactory<CertctlDbContext> contexts, TimeProvider clock) : IClaimSweep
{
    public const int BatchLimit = 500;

    // A process whose clock is ahead must not take away what one whose clock is behind still needs.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var until = clock.GetUtcNow() - Margin;
        var opens = until - DeviceBudget.Window;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var uses = await db.ChallengeUses.Where(use => use.KeptUntil <= until).OrderBy(use => use.KeptUntil).Take(BatchLimit).ExecuteDeleteAsync(cancellationToken);
        var slots = await db.DeviceSlots.Where(slot => slot.TakenAt <= opens).OrderBy(slot => slot.TakenAt).Take(BatchLimit).ExecuteDeleteAsync(cancellationToken);
        return uses + slots;
    }
}
