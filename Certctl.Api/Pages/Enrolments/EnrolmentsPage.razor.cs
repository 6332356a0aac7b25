using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Api.Rest.Http;
using Certctl.Domain.Audit;

namespace Certctl.Api.Pages.Enrolments;

/// <summary>What devices asked for, newest first, whatever became of it.</summary>
public sealed partial class EnrolmentsPage
{
    private static readonly string[] OfferedNames = ["q", "outcome", "reason", "path_id", "transaction_id", "serial", "from", "to"];

    private static readonly QueryField[] Offered =
        [.. OfferedNames.Select(name => AuditEndpoints.Filters.Single(field => field.Name == name))];

    private IReadOnlyList<AuditEvent>? _events;
    private bool _hasMore;

    protected override string Path => "enrolments";

    private protected override IReadOnlyList<QueryField> Fields => Offered;

    protected override async Task<bool> LoadListAsync()
    {
        var filter = AuditEndpoints.ReadFilter(Query);
        Guid? before = Guid.TryParseExact(QueryField.Cursor.Of(Query), "N", out var id) ? id : null;
        var read = await Access.ReadAsync(
            ApiPolicy.Auditor,
            cancelled => EnrolmentEvents.PageAsync(Audit, filter, EnrolmentEvents.Actions, before, Rows, cancelled),
            Closed);
        return Take(read, page => (_events, _hasMore) = page);
    }

    private static string DeviceOf(AuditEvent row) =>
        new[] { row.DeviceName, row.Subject, row.TransactionId }.FirstOrDefault(name => !string.IsNullOrEmpty(name)) ?? Texts.NotTold;
}
