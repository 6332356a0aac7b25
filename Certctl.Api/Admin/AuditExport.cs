using System.Globalization;
using System.Text;
using System.Text.Json;
using Certctl.Api.Admin.Endpoints;
using Certctl.Api.Hosting;
using Certctl.Application.Enrolment;

namespace Certctl.Api.Admin;

/// <summary>The trail as a stream, an event at a time whatever its length: JSON lines, or CSV (RFC 4180).</summary>
internal sealed class AuditExport(IAuditRepository audit, AuditFilter filter, bool csv) : IResult
{
    public const string NdjsonType = "application/x-ndjson";
    public const string CsvType = "text/csv";

    // Each holds a connection of the lists' for as long as its reader likes.
    private const int MostAtOnce = 2;

    private static readonly SemaphoreSlim Running = new(MostAtOnce, MostAtOnce);

    // As much as is worth a write.
    private const int Enough = 32 * 1024;

    // As in AuditRow, and each of its details.
    private static readonly (string Name, Func<AuditRow, object?> Value)[] Columns =
    [
        ("id", row => row.Id),
        ("timestamp", row => row.Timestamp.ToString("O", CultureInfo.InvariantCulture)),
        ("actor", row => row.Actor),
        ("actor_type", row => row.ActorType),
        ("action", row => row.Action),
        ("outcome", row => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{row.Outcome}")),
        ("reason", row => row.Reason),
        ("resource_type", row => row.ResourceType),
        ("resource_id", row => row.ResourceId),
        ("count", row => row.Count),
        .. AuditRow.DetailNames.Select(name => (name, (Func<AuditRow, object?>)(row => row.Details.GetValueOrDefault(name)))),
    ];

    /// <summary>The names of a CSV's columns.</summary>
    public static string Head => string.Join(',', Columns.Select(column => column.Name)) + "\r\n";

    /// <summary>One event, with the end of its line.</summary>
    public static string Line(AuditRow row, bool csv) =>
        csv ? string.Join(',', Columns.Select(column => Quoted(Cell(column.Value(row))))) + "\r\n" : JsonSerializer.Serialize(row, ApiJson.Options) + "\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (!await Running.WaitAsync(TimeSpan.Zero))
        {
            httpContext.Response.Headers.RetryAfter = RequestFrame.RetryAfterSeconds;
            await httpContext.RequestServices.GetRequiredService<AccessTrail>()
                .RefuseAsync(httpContext, StatusCodes.Status503ServiceUnavailable, $"{MostAtOnce} exports run already; try again.");
            return;
        }

        try
        {
            await WriteAsync(httpContext);
        }
        finally
        {
            Running.Release();
        }
    }

    private async Task WriteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = csv ? $"{CsvType}; charset=utf-8" : NdjsonType;
        response.Headers.ContentDisposition = $"attachment; filename=\"audit.{(csv ? "csv" : "ndjson")}\"";
        var waiting = new StringBuilder(csv ? Head : "");
        await foreach (var row in audit.StreamAsync(filter, httpContext.RequestAborted))
        {
            waiting.Append(Line(AuditRow.Of(row), csv));
            if (waiting.Length < Enough)
                continue;
            await response.WriteAsync(waiting.ToString(), httpContext.RequestAborted);
            waiting.Clear();
        }

        await response.WriteAsync(waiting.ToString(), httpContext.RequestAborted);
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        IEnumerable<string> several => string.Join(' ', several),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    // Devices choose their names; a spreadsheet takes what begins like this for a formula and runs it.
    private static string Quoted(string text)
    {
        var safe = text.Length > 0 && text[0] is ('=' or '+' or '-' or '@' or '\t' or '\r') ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
