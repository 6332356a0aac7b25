using System.Globalization;
using System.Text;
using System.Text.Json;
using Certctl.Api.Admin.Endpoints;
using Certctl.Application.Enrolment;

namespace Certctl.Api.Admin;

/// <summary>The trail as a stream, an event at a time whatever its length: JSON lines, or CSV (RFC 4180).</summary>
internal sealed class AuditExport(IAuditRepository audit, AuditFilter filter, bool csv) : IResult
{
    public const string NdjsonType = "application/x-ndjson";
    public const string CsvType = "text/csv";

    // As much as is worth a write.
    private const int Enough = 32 * 1024;

    private static readonly string[] Columns =
    [
        "id", "timestamp", "actor", "actor_type", "action", "outcome", "reason", "resource_type", "resource_id", "count",
        "path_id", "profile_id", "transaction_id", "subject", "sans", "serial_number", "device_name", "source_address", "request_id", "detail",
    ];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = csv ? $"{CsvType}; charset=utf-8" : NdjsonType;
        response.Headers.ContentDisposition = $"attachment; filename=\"audit.{(csv ? "csv" : "ndjson")}\"";
        var waiting = new StringBuilder(csv ? string.Join(',', Columns) + "\r\n" : "");
        await foreach (var row in audit.StreamAsync(filter, httpContext.RequestAborted))
        {
            var shown = AuditRow.Of(row);
            if (csv)
                waiting.AppendJoin(',', Columns.Select(column => Quoted(Cell(shown, column)))).Append("\r\n");
            else
                waiting.Append(JsonSerializer.Serialize(shown, ApiJson.Options)).Append('\n');
            if (waiting.Length < Enough)
                continue;
            await response.WriteAsync(waiting.ToString(), httpContext.RequestAborted);
            waiting.Clear();
        }

        await response.WriteAsync(waiting.ToString(), httpContext.RequestAborted);
    }

    private static string Cell(AuditRow row, string column) => column switch
    {
        "id" => row.Id.ToString(),
        "timestamp" => row.Timestamp.ToString("O", CultureInfo.InvariantCulture),
        "actor" => row.Actor,
        "actor_type" => row.ActorType,
        "action" => row.Action,
        "outcome" => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{row.Outcome}"),
        "reason" => row.Reason ?? "",
        "resource_type" => row.ResourceType,
        "resource_id" => row.ResourceId,
        "count" => row.Count.ToString(CultureInfo.InvariantCulture),
        _ => row.Details.GetValueOrDefault(column) switch
        {
            null => "",
            IEnumerable<string> several => string.Join(' ', several),
            var one => Convert.ToString(one, CultureInfo.InvariantCulture) ?? "",
        },
    };

    // Devices choose their names; a spreadsheet takes what begins like this for a formula and runs it.
    private static string Quoted(string text)
    {
        var safe = text.Length > 0 && text[0] is ('=' or '+' or '-' or '@' or '\t' or '\r') ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
