using Certctl.Domain.Enrolments;

namespace Certctl.Application.Enrolments.Journal;

/// <summary>
/// Who may ask an issuer about a reservation: one process at a time, for a time that the database measures. A reservation is an enrolment
/// that <see cref="Enrolment.IsReserved"/>; the journal makes it and records its certificate.
/// </summary>
public interface IReservations
{
    /// <summary>Takes the reservation for <paramref name="lease"/>; null when another process holds it, or it is none any more.</summary>
    Task<HeldReservation?> TakeAsync(Guid enrolmentId, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// The issuer decides later: keeps its reference and lets go of the reservation. No effect where the lease has gone to
    /// another process.
    /// </summary>
    Task KeepAsync(HeldReservation held, string reference, CancellationToken cancellationToken);

    /// <summary>
    /// The issuer refuses: the request is denied for as long as it is held, and the device's budget gets its slot back.
    /// Likewise.
    /// </summary>
    Task RefuseAsync(HeldReservation held, CancellationToken cancellationToken);
}

/// <summary>A reservation that this process holds.</summary>
/// <param name="Enrolment">As stored, with the lease.</param>
/// <param name="WasAsked">The issuer may have been asked before: what became of that comes first.</param>
public sealed record HeldReservation(Enrolment Enrolment, bool WasAsked);

/// <summary>How long one process may deal with an issuer about a reservation.</summary>
/// <param name="Length">Of the lease. Another process takes over afterwards, so it is longer than the issuer's answer and its recording
/// may take.</param>
/// <param name="AnswerWithin">The issuer's answer is waited for so long; the device is told to ask again after that.</param>
public sealed record ReservationTimes(TimeSpan Length, TimeSpan AnswerWithin)
{
    public static readonly ReservationTimes Default = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20));
}
