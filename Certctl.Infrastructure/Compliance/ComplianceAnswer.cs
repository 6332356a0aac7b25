using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Certctl.Application.Enrolments.Compliance;

namespace Certctl.Infrastructure.Compliance;

/// <summary>The answer as JSON, read without leniency: anything that is not exactly a verdict counts as no answer.</summary>
internal sealed record ComplianceAnswer(bool Compliant, string? Reason = null)
{
    public const int LongestBody = 64 * 1024;

    // Names by case, each once; values of their own kind; no comments, no trailing commas.
    // What else a service has to say is its own affair.
    private static readonly JsonSerializerOptions Strict =
        new(JsonSerializerOptions.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, MaxDepth = 8 };

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; init; }

    // Written in two ways, it is two answers.
    private bool IsAmbiguous => Others?.Keys.Any(name => name.Equals(nameof(Compliant), StringComparison.OrdinalIgnoreCase)) == true;

    public static async Task<ComplianceAttempt> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (response.StatusCode != HttpStatusCode.OK)
            return status is >= 500 or 429
                ? ComplianceAttempt.Accident($"it answered HTTP {status}")
                : ComplianceAttempt.NoAnswer($"it answered HTTP {status}");
        if (FindDefect(response.Content) is { } defect)
            return ComplianceAttempt.NoAnswer(defect);
        return await ReadBodyAsync(response.Content, cancellationToken) is { } body
            ? Parse(body)
            : ComplianceAttempt.NoAnswer($"its answer is longer than {LongestBody} octets");
    }

    private static string? FindDefect(HttpContent content)
    {
        if (content.Headers.ContentEncoding.Count > 0)
            return "its answer is compressed";
        var type = content.Headers.ContentType;
        if (!string.Equals(type?.MediaType, "application/json", StringComparison.OrdinalIgnoreCase))
            return $"its answer is no application/json but {type?.MediaType ?? "of no type"}";
        return type!.CharSet is null || type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            ? null
            : "its answer is not in UTF-8";
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[1024];
        for (var length = 0; ;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
                return buffer.AsMemory(0, length);
            length += read;
            if (length > LongestBody)
                return null;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(2 * length, LongestBody + 1));
        }
    }

    private static ComplianceAttempt Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize<ComplianceAnswer>(body.Span, Strict) switch
            {
                { IsAmbiguous: true } => ComplianceAttempt.NoAnswer("its answer says compliant in two ways"),
                { Compliant: true } yes => ComplianceAttempt.Answered(new ComplianceVerdict.Compliant(yes.Reason ?? "")),
                { Compliant: false } no => ComplianceAttempt.Answered(new ComplianceVerdict.NotCompliant(no.Reason ?? "")),
                null => ComplianceAttempt.NoAnswer("its answer is null"),
            };
        }
        catch (JsonException malformed)
        {
            // Not the exception's words, which quote the answer.
            return ComplianceAttempt.NoAnswer($"its answer is not {{\"compliant\":…,\"reason\":…}} (line {malformed.LineNumber + 1}, "
                + $"octet {malformed.BytePositionInLine})");
        }
    }
}
