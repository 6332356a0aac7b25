using Certctl.Application.Enrolment;
using Certctl.Domain.Enrolment;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence;

/// <summary>Why an entry got no claim: read after the fact, off the writer's path.</summary>
internal sealed class JournalConflicts(IDbContextFactory<CertctlDbContext> contexts)
{
    /// <summary>Null when nothing stands in the way any more.</summary>
    public async Task<JournalVerdict?> FindAsync(JournalEntry entry, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await OwnAsync(db, entry, cancellationToken) is { } own)
            return own;
        if (await db.FindAnswerAsync(entry.RequestKey, now, cancellationToken) is { } other && other.Enrolment.Id != entry.Enrolment.Id)
            return new JournalVerdict.AlreadyAnswered(other);
        var vetted = await db.CertificateProfiles.AnyAsync(
            profile => profile.Id == entry.Enrolment.ProfileId && profile.Version == entry.ProfileVersion && profile.Enabled, cancellationToken);
        return vetted ? null : new JournalVerdict.ProfileChanged();
    }

    /// <summary>The enrolment itself, where it is stored: committed before (its acknowledgement was lost), or not Approved any more.</summary>
    private static async Task<JournalVerdict?> OwnAsync(CertctlDbContext db, JournalEntry entry, CancellationToken cancellationToken)
    {
        if (await db.FindStoredAsync(enrolment => enrolment.Id == entry.Enrolment.Id, cancellationToken) is not { } stored)
            return null;
        if (stored.Enrolment.State == entry.Enrolment.State && stored.Enrolment.SerialNumber == entry.Enrolment.SerialNumber)
            return new JournalVerdict.Committed();
        return entry.Completes && stored.Enrolment.State == EnrolmentState.Approved ? null : new JournalVerdict.AlreadyAnswered(stored);
    }
}
