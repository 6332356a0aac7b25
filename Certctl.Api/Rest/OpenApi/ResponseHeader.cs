using Certctl.Api.Rest.Http;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>A header of answers, for the OpenAPI document.</summary>
/// <param name="Type">Of its value.</param>
internal sealed record ResponseHeader(string Name, string Description, JsonKind Type = JsonKind.String)
{
    public static readonly ResponseHeader RequestId = new("X-Request-ID", "Names the request, in the log and in problems.");

    public static readonly ResponseHeader ETag = new("ETag", "The version of what is answered, for If-Match (RFC 9110 §8.8.3).");

    public static readonly ResponseHeader Location = new("Location", "Where it is from now on (RFC 9110 §10.2.2).");

    public static readonly ResponseHeader RetryAfter = new(
        "Retry-After", "Seconds until it is worth asking again (RFC 9110 §10.2.3).", JsonKind.Integer);

    public static readonly ResponseHeader Allow = new("Allow", "The methods that the path takes (RFC 9110 §10.2.1).");

    public static readonly ResponseHeader WwwAuthenticate = new("WWW-Authenticate", "The scheme that is taken (RFC 9110 §11.6.1).");

    public static readonly ResponseHeader CacheControl = new(
        "Cache-Control", "no-store: the answer is not for caches (RFC 9111 §5.2.2.5).");

    public static readonly ResponseHeader ContentDisposition = new("Content-Disposition", "The name of a file for it (RFC 6266).");

    /// <summary>Those of every answer of this status.</summary>
    public static IEnumerable<ResponseHeader> OfStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => [RequestId, WwwAuthenticate],
        StatusCodes.Status405MethodNotAllowed => [RequestId, Allow],
        StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable => [RequestId, RetryAfter],
        _ => [RequestId],
    };
}

/// <summary>An endpoint's answers of <paramref name="Status"/> have the header.</summary>
internal sealed record SentHeader(int Status, ResponseHeader Header);
