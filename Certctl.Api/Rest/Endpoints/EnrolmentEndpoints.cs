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
        return await EnrolmentHistory.FindAsync(audit, id, cancellationToken) is { } history
            ? MetaEndpoints.Json(new EnrolmentTimeline(
                id, history.Outcome, history.SerialNumbers, history.Total, [.. history.Events.Select(AuditRow.Of)]))
            : Problems.Problem(http, StatusCodes.Status404NotFound, "No device has sent a message with this transactionID");
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
