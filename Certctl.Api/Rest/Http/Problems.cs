using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Certctl.Api.Rest.Http;

/// <summary>
/// What went wrong, as RFC 9457 §3 has it, with the keys that integrators know from the upstream product beside it: <c>error</c>,
/// <c>message</c>, <c>request_id</c>. No internal details.
/// </summary>
internal static class Problems
{
    public const string MediaType = "application/problem+json";

    /// <param name="errors">What is wrong by field; null: no field is.</param>
    public static IResult Problem(HttpContext http, int status, string message, IReadOnlyDictionary<string, string[]>? errors = null) =>
        Results.Json(Of(status, message, http.TraceIdentifier, errors), ApiJson.Options, MediaType, status);

    /// <summary>What was asked cannot be read.</summary>
    public static IResult Query(HttpContext http, IReadOnlyDictionary<string, string[]> errors) =>
        Problem(http, StatusCodes.Status400BadRequest, "One or more query parameters are invalid; see errors.", errors);

    /// <summary>Writes it where no endpoint does: in the frame around them.</summary>
    public static Task WriteAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(Of(status, message, http.TraceIdentifier, null), ApiJson.Options, MediaType);
    }

    /// <summary>A refusal of the routing or of the server itself, in words.</summary>
    public static string Words(int status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this path.",
        StatusCodes.Status405MethodNotAllowed => "This path does not take this method; see the Allow header.",
        StatusCodes.Status413PayloadTooLarge => "The body is too long.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json.",
        StatusCodes.Status429TooManyRequests => "Too many requests; see Retry-After.",
        StatusCodes.Status503ServiceUnavailable => "Something that this needs cannot be reached; try again.",
        StatusCodes.Status500InternalServerError => "Something went wrong here; the log has it under the request id.",
        _ => ReasonPhrases.GetReasonPhrase(status),
    };

    public static ProblemBody Of(int status, string message, string requestId, IReadOnlyDictionary<string, string[]>? errors)
    {
        var title = ReasonPhrases.GetReasonPhrase(status);
        return new ProblemBody("about:blank", title, status, message, title, message, requestId) { Errors = errors };
    }
}

/// <summary>What the framework itself refuses (<c>IProblemDetailsService</c>: routing, status pages) gets the same body.</summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    // The framework's own writer says nothing to a client whose Accept names no JSON, such as that of a CSV export.
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var status = context.ProblemDetails.Status ?? context.HttpContext.Response.StatusCode;
        return new ValueTask(Problems.WriteAsync(context.HttpContext, status, context.ProblemDetails.Detail ?? Problems.Words(status)));
    }
}

/// <summary>RFC 9457 §3.1, with upstream's keys.</summary>
/// <param name="Type">Always <c>about:blank</c>: the status says what kind it is (§4.2.1).</param>
/// <param name="Detail">What is wrong, in words.</param>
/// <param name="Error">As <paramref name="Title"/>.</param>
/// <param name="Message">As <paramref name="Detail"/>.</param>
/// <param name="RequestId">As the header X-Request-ID and the log have it.</param>
internal sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Error,
    string Message,
    string RequestId)
{
    /// <summary>What is wrong by field of the query or the body; absent where no field is.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
}

/// <summary>JSON as the API speaks it: snake_case, enums as words, UTC, null where there is nothing.</summary>
internal static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
        AllowDuplicateProperties = false,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
        Converters =
            { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };
}
