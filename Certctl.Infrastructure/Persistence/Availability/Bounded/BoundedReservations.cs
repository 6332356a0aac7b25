using Certctl.Application.Enrolments.Journal;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Leases on reservations, within the request's deadline.</summary>
internal sealed class BoundedReservations(IReservations inner, DatabaseAccess access) : IReservations
{
    public Task<HeldReservation?> TakeAsync(Guid enrolmentId, TimeSpan lease, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.TakeAsync(enrolmentId, lease, cancellationToken));

    public Task KeepAsync(HeldReservation held, string reference, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.KeepAsync(held, reference, cancellationToken));

    public Task RefuseAsync(HeldReservation held, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.RefuseAsync(held, cancellationToken));
}
