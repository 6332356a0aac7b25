using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Http.Features;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>What became of one device's request, from its first message to the end of its certificate.</summary>
internal static class EnrolmentEndpoints
{
    // A device that comes with one transactionID more often than this is a loop; its newest messages say what it is in.
    private const int MostEvents = 500;
    private const int MostCertificates = 20;

    public static void MapEnrolments(this IEndpointRouteBuilder api) =>
        api.MapGet("/enrolments/{transaction}", FindAsync).Produces<EnrolmentTimeline>().Refuses(404)
            .WithSummary("The timeline of one device's request")
            .WithDescription("By transactionID, percent-encoded: its messages, the operators' decisions, "
                + "its certificates and what became of them, oldest first. Two devices of different paths may have chosen the same one.");

    private static async Task<IResult> FindAsync(
        string transaction, HttpContext http, IAuditRepository audit, CancellationToken cancellationToken)
    {
        _ = transaction;
        var id = TransactionOf(http);
        var own = await audit.ListAsync(new AuditFilter { TransactionId = id }, null, 0, MostEvents, cancellationToken);
        if (own.Events.Count == 0)
            return Problems.Problem(http, StatusCodes.Status404NotFound, "No device has sent a message with this transactionID");

        // Revocation events carry the serial number, not the transactionID.
        var events = own.Events.ToDictionary(entry => entry.Id);
        var serials = own.Events.Select(entry => entry.SerialNumber).OfType<string>().Distinct().ToList();
        foreach (var serial in serials.Take(MostCertificates))
        {
            foreach (var entry in (await audit.ListAsync(
                new AuditFilter { SerialNumber = serial }, null, 0, MostEvents, cancellationToken)).Events)
                events.TryAdd(entry.Id, entry);
        }

        var device = own.Events.First(entry => entry.ActorType != AdminTrail.Person);
        return MetaEndpoints.Json(new EnrolmentTimeline(
            id, device.Outcome, serials, own.Total, [.. events.Values.OrderBy(entry => entry.Id).Select(AuditRow.Of)]));
    }

    // Routing leaves %2F as it is, so that its value cannot tell a slash from these three characters; base64 has slashes.
    private static string TransactionOf(HttpContext http)
    {
        var path = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0].TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}

/// <param name="Outcome">Of the device's newest message.</param>
/// <param name="SerialNumbers">Of the certificates that it led to, newest first.</param>
/// <param name="Events">How many name this transactionID; of more than 500 the newest are shown.</param>
/// <param name="Stages">Oldest first.</param>
internal sealed record EnrolmentTimeline(
    string TransactionId, AuditOutcome Outcome, IReadOnlyList<string> SerialNumbers, long Events, IReadOnlyList<AuditRow> Stages);
