using Certctl.Api.Rest.Http;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The audit trail: filtered, newest first.</summary>
internal static class AuditEndpoints
{
    private static readonly QueryField<string> Action = QueryField.Word("action", "What was done", AuditAction.All);
    private static readonly QueryField<string> Actor = QueryField.Text("actor", "Who did it", Examples.Actor);

    private static readonly QueryField<string> ResourceType =
        QueryField.Word("resource_type", "Of what kind it was done to", Vocabulary.AuditResources);

    private static readonly QueryField<string> ResourceId = QueryField.Text("resource_id", "To which one", Examples.Serial);
    private static readonly QueryField<AuditOutcome?> Outcome = QueryField.Word<AuditOutcome>("outcome", "How it ended");
    private static readonly QueryField<string> Reason = QueryField.Word("reason", "The label of a refusal", Vocabulary.AuditReasons);

    private static readonly QueryField<string> PathId =
        QueryField.PathId("PathID of the SCEP profile; (root) or an empty value for the root");

    private static readonly QueryField<string> TransactionId =
        QueryField.Text("transaction_id", "RFC 8894 transactionID", Examples.Transaction);

    private static readonly QueryField<string> Serial = QueryField.Serial("Serial number of the certificate");
    private static readonly QueryField<DateTimeOffset?> From = QueryField.Time("from", "This moment or later");
    private static readonly QueryField<DateTimeOffset?> To = QueryField.Time("to", "Before this moment");

    private static readonly QueryField<string> Contains = QueryField.Text(
        "q", "Stands in subject, detail, device name or claim subject; upper and lower case alike", Examples.Search);

    internal static readonly QueryField[] Filters =
        [Action, Actor, ResourceType, ResourceId, Outcome, Reason, PathId, TransactionId, Serial, From, To, Contains];

    private static readonly QueryField<string> Format = QueryField.Word(
        "format", "ndjson unless said: an event a line; csv has a header and opens in a spreadsheet", ["ndjson", "csv"]);

    internal static readonly QueryField[] ExportFields = [.. Filters, Format];

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", ListAsync).WithQuery([.. Filters, .. QueryField.OfLists]).Produces<Page<AuditRow>>().Refuses(400)
            .WithSummary("The audit trail").WithDescription("Newest first. Every filter narrows; what is not given does not matter.");
        api.MapGet("/audit/export", ExportAsync)
            .WithQuery(ExportFields)
            .Produces<string>(200, AuditExport.NdjsonType, AuditExport.CsvType).Refuses(400).Sends(200, ResponseHeader.ContentDisposition)
            .WithSummary("The audit trail as a file").WithDescription(
                "All of the filter, newest first, as a stream. "
                + "One that breaks off in the middle ends without the last chunk: clients see it fail. "
                + "Each process runs two at once (beyond, 503), and one of each principal (beyond, 429). "
                + "A client that takes less than 16 KiB a second, or longer than 30 minutes, is cut off.");
        api.MapGet("/audit/{id}", FindAsync).Produces<AuditRow>().Refuses(404).WithSummary("One event of the audit trail");
    }

    private static async Task<IResult> ListAsync(HttpContext http, IAuditRepository audit, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>();
        var filter = ReadFilter(http.Request.Query);
        var paging = Paging.Read(http.Request.Query, errors);
        var before = paging.CursorId(errors);
        if (errors.Count > 0
            || !await paging.IsWithinReachAsync(async () => (await audit.ListAsync(filter, null, 0, 0, cancellationToken)).Total, errors))
            return Problems.Query(http, errors);
        var page = await audit.ListAsync(filter, before, paging.Skip, paging.PerPage, cancellationToken);
        return paging.Of([.. page.Events.Select(AuditRow.Of)], page.Total, page.HasMore ? page.Events[^1].Id.ToString("N") : null);
    }

    internal static AuditExport ExportAsync(HttpContext http, IAuditRepository audit) =>
        new(audit, ReadFilter(http.Request.Query), Format.Of(http.Request.Query) == "csv");

    private static async Task<IResult> FindAsync(
        string id, HttpContext http, IAuditRepository audit, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var known) && await audit.FindAsync(known, cancellationToken) is { } found
            ? MetaEndpoints.Json(AuditRow.Of(found))
            : Problems.Problem(http, StatusCodes.Status404NotFound, "Audit event not found");

    // A certificate's id is its serial number, and may be written as one.
    private static string? ReadResource(string? type, string? id) =>
        type == "certificate" && id is not null ? SerialNumberText.Read(id) ?? id : id;

    /// <param name="query">Was checked.</param>
    internal static AuditFilter ReadFilter(IQueryCollection query) => new()
    {
        Action = Action.Of(query),
        Actor = Actor.Of(query),
        ResourceType = ResourceType.Of(query),
        ResourceId = ReadResource(ResourceType.Of(query), ResourceId.Of(query)),
        Outcome = Outcome.Of(query),
        Reason = Reason.Of(query),
        PathId = PathId.Of(query),
        TransactionId = TransactionId.Of(query),
        SerialNumber = Serial.Of(query),
        From = From.Of(query),
        To = To.Of(query),
        Text = Contains.Of(query),
    };
}

/// <summary>An event as the API shows it: upstream's keys, and the columns beside them.</summary>
internal sealed record AuditRow(
    Guid Id,
    DateTime Timestamp,
    string Actor,
    string ActorType,
    string Action,
    AuditOutcome Outcome,
    string? Reason,
    string ResourceType,
    string ResourceId,
    int Count,
    IReadOnlyDictionary<string, object?> Details)
{
    public static AuditRow Of(AuditEvent audit) => new(
        audit.Id,
        audit.Timestamp.UtcDateTime,
        audit.Actor,
        audit.ActorType,
        audit.Action,
        audit.Outcome,
        audit.Reason,
        audit.ResourceType,
        audit.ResourceId,
        audit.Count,
        Facts.Select(fact => (fact.Name, Value: fact.Of(audit))).Where(fact => fact.Value is not null)
            .ToDictionary(fact => fact.Name, fact => fact.Value, StringComparer.Ordinal));

    private static readonly (string Name, Func<AuditEvent, object?> Of)[] Facts =
    [
        ("path_id", audit => audit.PathId),
        ("profile_id", audit => audit.ProfileId),
        ("transaction_id", audit => audit.TransactionId),
        ("subject", audit => audit.Subject),
        ("sans", audit => audit.SubjectAltNames.Count > 0 ? audit.SubjectAltNames : null),
        ("serial_number", audit => audit.SerialNumber),
        ("signer", audit => audit.Signer),
        ("client_certificate", audit => audit.ClientCertificate),
        ("device_name", audit => audit.DeviceName),
        ("claim_subject", audit => audit.ClaimSubject),
        ("claim_issuer", audit => audit.ClaimIssuer),
        ("token_sha256", audit => audit.TokenSha256),
        ("source_address", audit => audit.SourceAddress),
        ("request_id", audit => audit.RequestId),
        ("detail", audit => audit.Detail),
    ];

    /// <summary>What may stand in <see cref="Details"/>.</summary>
    public static IEnumerable<string> DetailNames => Facts.Select(fact => fact.Name);
}
