namespace Certctl.Api.Admin;

/// <summary>A parameter of a query: what is documented is what is let through.</summary>
/// <param name="Description">For the reference page, a sentence without its full stop.</param>
/// <param name="Type">JSON Schema's word: <c>string</c>, <c>integer</c>, <c>boolean</c>.</param>
/// <param name="Format">JSON Schema's word, such as <c>date-time</c>.</param>
/// <param name="Words">The values that it may have; null: any.</param>
internal sealed record QueryField(string Name, string Description, string Type = "string", string? Format = null, IReadOnlyList<string>? Words = null)
{
    public static readonly QueryField Page = new("page", "Which page, from 1; farther than 100,000 rows from both ends go on by cursor", "integer");
    public static readonly QueryField PerPage = new("per_page", "Rows a page, 1 to 500; 50 unless said", "integer");
    public static readonly QueryField Cursor = new("cursor", "What next_cursor of the page before said; stands instead of page");

    /// <summary>Those of every list.</summary>
    public static readonly QueryField[] OfLists = [Page, PerPage, Cursor];

    public static QueryField Time(string name, string description) => new(name, description, Format: "date-time");
}

/// <summary>Which parameters an endpoint knows; without this, none.</summary>
internal sealed record KnownQuery(IReadOnlyList<QueryField> Fields);

/// <summary>How an endpoint says what it takes and what it answers: for the reference, and for the check of what comes in.</summary>
internal static class EndpointContract
{
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, params IReadOnlyList<QueryField> fields) => endpoint.WithMetadata(new KnownQuery(fields));

    /// <summary>Refusals of its own; what every route may say (401, 403, 429, 500, 503) need not be named.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params IReadOnlyList<int> statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<ProblemBody>(status, Problems.MediaType);
        return endpoint;
    }

    /// <summary>A misspelt filter must not show everything.</summary>
    public static async ValueTask<object?> RefuseStrangersAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var known = http.GetEndpoint()?.Metadata.GetMetadata<KnownQuery>()?.Fields.Select(field => field.Name).ToList() ?? [];
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Contains(name))
                errors[name] = [known.Count == 0 ? "is not known; this path takes no query" : $"is not known; known are {string.Join(", ", known)}"];
            else if (values.Count > 1)
                errors[name] = ["is given more than once"];
        }

        return errors.Count == 0 ? await next(context) : Problems.Query(http, errors);
    }
}
