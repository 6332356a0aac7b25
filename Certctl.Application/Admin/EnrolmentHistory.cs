using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;

namespace Certctl.Application.Admin;

/// <summary>What became of one device's request, from its first message to the end of its certificate.</summary>
/// <param name="Outcome">Of the device's newest message.</param>
/// <param name="SerialNumbers">Of the certificates that it led to, newest first.</param>
/// <param name="Total">How many events name the transactionID; of more than 500 the newest are here.</param>
/// <param name="Events">Oldest first.</param>
public sealed record EnrolmentHistory(
    AuditOutcome Outcome, IReadOnlyList<string> SerialNumbers, long Total, IReadOnlyList<AuditEvent> Events)
{
    // A device that comes with one transactionID more often than this is a loop; its newest messages say what it is in.
    private const int MostEvents = 500;
    private const int MostCertificates = 20;

    /// <summary>Null: no device has sent a message with this transactionID.</summary>
    public static async Task<EnrolmentHistory?> FindAsync(
        IAuditRepository audit, string transactionId, CancellationToken cancellationToken)
    {
        var own = await audit.ListAsync(new AuditFilter { TransactionId = transactionId }, null, 0, MostEvents, cancellationToken);
        if (own.Events.FirstOrDefault(entry => entry.ActorType != AdminTrail.Person) is not { } newest)
            return null;

        // Revocation events carry the serial number, not the transactionID.
        var events = own.Events.ToDictionary(entry => entry.Id);
        var serials = own.Events.Select(entry => entry.SerialNumber).OfType<string>().Distinct().ToList();
        foreach (var serial in serials.Take(MostCertificates))
        {
            var ofCertificate = await audit.ListAsync(
                new AuditFilter { SerialNumber = serial }, null, 0, MostEvents, cancellationToken);
            foreach (var entry in ofCertificate.Events)
                events.TryAdd(entry.Id, entry);
        }

        return new EnrolmentHistory(newest.Outcome, serials, own.Total, [.. events.Values.OrderBy(entry => entry.Id)]);
    }
}
