using System.Globalization;
using System.Text;
using System.Text.Json;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Api.Rest.Endpoints;

/// <summary>The trail as a stream, an event at a time whatever its length: JSON lines, or CSV (RFC 4180).</summary>
internal sealed class AuditExport(IAuditRepository audit, AuditFilter filter, bool csv) : IResult
{
    public const string NdjsonType = "application/x-ndjson";
    public const string CsvType = "text/csv";

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
        csv
            ? string.Join(',', Columns.Select(column => Quoted(Cell(column.Value(row))))) + "\r\n"
            : JsonSerializer.Serialize(row, ApiJson.Options) + "\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = csv ? $"{CsvType}; charset=utf-8" : NdjsonType;
        response.Headers.ContentDisposition = $"attachment; filename=\"audit.{(csv ? "csv" : "ndjson")}\"";
        if (HttpManners.IsHead(httpContext))
            return;
        var exports = httpContext.RequestServices.GetRequiredService<ExportSlots>();
        var principal = ApiPolicy.PrincipalOf(httpContext.User);
        switch (exports.Enter(principal))
        {
            case ExportEntry.OneIsRunning:
                await RefuseAsync(
                    httpContext, StatusCodes.Status429TooManyRequests, $"{principal} runs an export already; one at a time for each.");
                return;
            case ExportEntry.AllTaken:
                await RefuseAsync(
                    httpContext, StatusCodes.Status503ServiceUnavailable, $"{ExportSlots.Max} exports run already; try again.");
                return;
        }

        try
        {
            await WriteAsync(httpContext, new ReaderPace(httpContext.RequestServices.GetRequiredService<TimeProvider>()));
        }
        finally
        {
            exports.Leave(principal);
        }
    }

    private static Task RefuseAsync(HttpContext httpContext, int status, string message)
    {
        httpContext.Response.Headers.ContentDisposition = default;
        httpContext.Response.Headers.RetryAfter = AccidentHandler.RetryAfterSeconds;
        return httpContext.RequestServices.GetRequiredService<AccessTrail>().RefuseAsync(httpContext, status, message);
    }

    private async Task WriteAsync(HttpContext httpContext, ReaderPace pace)
    {
        var waiting = new StringBuilder(csv ? Head : "");
        await foreach (var row in audit.StreamAsync(filter, httpContext.RequestAborted))
        {
            waiting.Append(Line(AuditRow.Of(row), csv));
            if (waiting.Length < Enough)
                continue;
            if (!await SendAsync(httpContext, pace, waiting.ToString()))
                return;
            waiting.Clear();
        }

        await SendAsync(httpContext, pace, waiting.ToString());
    }

    /// <returns>False: the client reads too slowly or for too long, and its connection is gone.</returns>
    private static async Task<bool> SendAsync(HttpContext httpContext, ReaderPace pace, string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        var write = pace.WriteAsync(
            token => httpContext.Response.Body.WriteAsync(octets, token).AsTask(), octets.Length, httpContext.RequestAborted);
        if (await write is not { } fault)
            return true;
        var (reason, message) = fault == PaceFault.TooSlow
            ? (AccessTrail.TooSlow, $"The export was ended: its client took less than "
                + $"{ReaderPace.MinOctetsPerSecond} octets a second over {ReaderPace.Window.TotalSeconds:0} seconds.")
            : (AccessTrail.TooLong, $"The export was ended: it took longer than {ReaderPace.Longest.TotalMinutes:0} minutes.");
        httpContext.Abort();
        await httpContext.RequestServices.GetRequiredService<AccessTrail>().RecordAsync(httpContext, reason, message);
        return false;
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
