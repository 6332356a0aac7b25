using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence.Repositories;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Journal;

/// <summary>Why an entry got no claim: read after the fact, off the writer's path.</summary>
internal sealed class JournalConflicts(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock)
{
    /// <summary>Null when nothing stands in the way any more.</summary>
    public async Task<JournalVerdict?> FindAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        // Read anew: what the statement saw as held has lapsed by this time, or is still held.
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await OwnAsync(db, entry, now, cancellationToken) is { } own)
            return own;
        if (await db.FindAnswerAsync(entry.RequestKey, now, cancellationToken) is { } other && other.Enrolment.Id != entry.Enrolment.Id)
            return new JournalVerdict.AlreadyAnswered(other);
        if (entry.Use is not null && await SpentAsync(db, entry, now, cancellationToken) is { } spent)
            return spent;
        if (entry.Budget is not null && await db.FindNextAllowedAsync(entry.Budget, now, cancellationToken) is { } from)
            return new JournalVerdict.BudgetSpent(from);
        if (entry.Records)
            return null;
        var vetted = await db.CertificateProfiles.AnyAsync(
            profile => profile.Id == entry.Enrolment.ProfileId && profile.Version == entry.ProfileVersion && profile.Enabled,
            cancellationToken);
        return vetted ? null : new JournalVerdict.ProfileChanged();
    }

    /// <summary>The challenge was used: for this very CSR, which then has its answer however long ago that was, or for another.</summary>
    private static async Task<JournalVerdict?> SpentAsync(
        CertctlDbContext db, JournalEntry entry, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await db.FindUseAsync(entry.Use!, cancellationToken) is not { } spent)
            return null;
        if (!spent.IsBy(entry.Enrolment.PathId, entry.Enrolment.CsrSha256))
            return new JournalVerdict.Replayed(spent.EnrolmentId);
        return await db.FindStoredAsync(enrolment => enrolment.Id == spent.EnrolmentId, cancellationToken) is { } stored
            ? new JournalVerdict.AlreadyAnswered(stored.At(now))
            : throw new InvalidOperationException($"Enrolment {spent.EnrolmentId} has used a challenge and is not in the journal.");
    }

    /// <summary>
    /// The enrolment itself, where it is stored: committed before (its acknowledgement was lost), or not Approved any more.
    /// </summary>
    private static async Task<JournalVerdict?> OwnAsync(
        CertctlDbContext db, JournalEntry entry, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await db.FindStoredAsync(enrolment => enrolment.Id == entry.Enrolment.Id, cancellationToken) is not { } stored)
            return null;
        var (kept, asked) = (stored.Enrolment, entry.Enrolment);
        if (kept.State == asked.State && kept.IssuerId == asked.IssuerId && kept.SerialNumber == asked.SerialNumber)
            return new JournalVerdict.Committed();
        return entry.Completes && stored.Enrolment.State == EnrolmentState.Approved
            ? null
            : new JournalVerdict.AlreadyAnswered(stored.At(now));
    }
}
