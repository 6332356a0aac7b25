using Certctl.Api.Rest.Http;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>Which parameters an endpoint knows; without this, none.</summary>
internal sealed record KnownQuery(IReadOnlyList<QueryField> Fields);

/// <summary>The endpoint requires If-Match (RFC 6585 §3).</summary>
internal sealed record RequiresIfMatch;

/// <summary>How an endpoint says what it takes and what it answers: for the OpenAPI document, and for the check of what comes in.</summary>
internal static class EndpointContract
{
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, params IReadOnlyList<QueryField> fields) =>
        endpoint.WithMetadata(new KnownQuery(fields));

    /// <summary>The header If-Match is required.</summary>
    public static RouteHandlerBuilder WithIfMatch(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new RequiresIfMatch())
            .Refuses(StatusCodes.Status412PreconditionFailed, StatusCodes.Status428PreconditionRequired);

    /// <summary>A header that each answer of this status has.</summary>
    public static RouteHandlerBuilder Sends(this RouteHandlerBuilder endpoint, int status, ResponseHeader header) =>
        endpoint.WithMetadata(new SentHeader(status, header));

    /// <summary>Refusals of its own; what every route may say (401, 403, 405, 429, 500, 503) need not be named.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params IReadOnlyList<int> statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<ProblemBody>(status, Problems.MediaType);
        return endpoint;
    }

    /// <summary>
    /// Checks the query against the endpoint's <see cref="QueryField"/>s: a misspelt filter must not show everything. A value without
    /// characters stands for none.
    /// </summary>
    public static async ValueTask<object?> CheckQueryAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var known = http.GetEndpoint()?.Metadata.GetMetadata<KnownQuery>()?.Fields ?? [];
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (name, values) in http.Request.Query)
        {
            if (known.FirstOrDefault(field => field.Name == name) is not { } field)
                errors[name] = [Unknown(known)];
            else if (values.Count > 1)
                errors[name] = ["must be given once"];
            else if (values.ToString() is { Length: > 0 } text && field.FindProblem(text) is { } problem)
                errors[name] = [problem];
        }

        return errors.Count == 0 ? await next(context) : Problems.Query(http, errors);
    }

    private static string Unknown(IReadOnlyList<QueryField> known) =>
        known.Count == 0
            ? "is not known; this path takes no query"
            : $"is not known; known are {string.Join(", ", known.Select(field => field.Name))}";
}
