using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Microsoft.EntityFrameworkCore;

namespace Certctl.Infrastructure.Persistence.Repositories;

/// <inheritdoc cref="IReservations"/>
/// <remarks>One conditional statement decides each time: it names the lease that was read, so of two processes one changes a row.</remarks>
internal sealed class EfReservations(IDbContextFactory<CertctlDbContext> contexts, DatabaseClock clock) : IReservations
{
    public async Task<HeldReservation?> TakeAsync(Guid enrolmentId, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var reserved = await db.Enrolments.AsNoTracking().SingleOrDefaultAsync(enrolment => enrolment.Id == enrolmentId, cancellationToken);
        if (reserved is not { IsReserved: true } || reserved.HeldUntil <= now || reserved.LeasedUntil > now)
            return null;
        var held = reserved.Leased(now + lease, reserved.IssuerReference);
        return await UpdateAsync(db, reserved, held, cancellationToken)
            ? new HeldReservation(held, reserved.LeasedUntil is not null)
            : null;
    }

    public async Task KeepAsync(HeldReservation held, string reference, CancellationToken cancellationToken)
    {
        var now = await clock.ReadAsync(cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await UpdateAsync(db, held.Enrolment, held.Enrolment.Leased(now, reference), cancellationToken);
    }

    public async Task RefuseAsync(HeldReservation held, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await UpdateAsync(db, held.Enrolment, held.Enrolment.RefusedByIssuer(), cancellationToken))
            return;
        await db.DeviceSlots.Where(slot => slot.EnrolmentId == held.Enrolment.Id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<bool> UpdateAsync(
        CertctlDbContext db, Enrolment before, Enrolment after, CancellationToken cancellationToken) =>
        await db.Enrolments
            .Where(e => e.Id == before.Id && e.State == before.State && e.IssuerId == before.IssuerId)
            .Where(e => e.LeasedUntil == before.LeasedUntil)
            .ExecuteUpdateAsync(
                set => set.SetProperty(e => e.State, after.State)
                    .SetProperty(e => e.LeasedUntil, after.LeasedUntil)
                    .SetProperty(e => e.IssuerReference, after.IssuerReference),
                cancellationToken) > 0;
}
