using System.Globalization;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>An operation of the OpenAPI document from what its route declares (<see cref="EndpointContract"/>).</summary>
internal static class OperationOfRoute
{
    // A query that is not known is a 400 anywhere in the API.
    private static readonly int[] OfApi =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status405MethodNotAllowed, StatusCodes.Status429TooManyRequests,
        StatusCodes.Status500InternalServerError,
        StatusCodes.Status503ServiceUnavailable,
    ];

    public static async Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var segments = context.Description.RelativePath!.Split('/');
        var isApi = segments[0] == "api";
        operation.OperationId = context.Description.HttpMethod!.ToLowerInvariant() + string
            .Concat(segments[(isApi ? 2 : 0)..].SelectMany(Words));
        var collection = isApi ? segments[2] : "health";
        operation.Tags = new HashSet<OpenApiTagReference> { new(collection, context.Document) };
        DescribeParameters(operation, metadata, collection);
        operation.Responses ??= [];
        var statuses = isApi ? OfApi.ToList() : [];
        if (isApi && !metadata.OfType<IAllowAnonymous>().Any())
        {
            var role = new[] { ApiPolicy.Admin, ApiPolicy.Operator, ApiPolicy.Auditor }.First(
                policy => metadata.OfType<IAuthorizeData>().Any(data => data.Policy == policy));
            operation.Description = $"{operation.Description} Role: {role}.".TrimStart();
            var scheme = new OpenApiSecuritySchemeReference(ApiReference.Scheme, context.Document);
            operation.Security = [new OpenApiSecurityRequirement { [scheme] = [] }];
            statuses.AddRange([StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);
        }

        if (operation.RequestBody is not null)
            statuses.AddRange([StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType]);
        foreach (var (media, answer) in operation.Responses.Values
            .SelectMany(response => response.Content ?? new Dictionary<string, OpenApiMediaType>()))
            DescribeText(media, answer);
        var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemBody), null, cancellationToken);
        context.Document?.AddComponent(nameof(ProblemBody), problem);
        foreach (var status in statuses.Select(status => status.ToString(CultureInfo.InvariantCulture))
            .Where(status => !operation.Responses.ContainsKey(status)))
        {
            operation.Responses[status] = new OpenApiResponse
            {
                Description = Problems.Words(int.Parse(status, CultureInfo.InvariantCulture)),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Problems.MediaType] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), context.Document) },
                },
            };
        }

        DescribeHeaders(operation.Responses, [.. metadata.OfType<SentHeader>()]);
    }

    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata, string collection)
    {
        operation.Parameters ??= [];
        foreach (var id in operation.Parameters.OfType<OpenApiParameter>())
            id.Example = Examples.OfId(collection);
        foreach (var field in metadata.OfType<KnownQuery>().SelectMany(query => query.Fields))
            operation.Parameters.Add(Parameter(field));
        if (metadata.OfType<RequiresIfMatch>().Any())
            operation.Parameters.Add(IfMatch());
        if (operation.Parameters.Count == 0)
            operation.Parameters = null;
    }

    private static OpenApiParameter IfMatch() => new()
    {
        Name = "If-Match",
        In = ParameterLocation.Header,
        Required = true,
        Description = "The ETag of what is changed, as it was read (RFC 9110 §13.1.1), or * for any version. "
            + "Without it 428, with another 412.",
        Example = "\"3\"",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    internal static OpenApiParameter Parameter(QueryField field)
    {
        var type = field.Rule.Type switch
        {
            JsonKind.Integer => JsonSchemaType.Integer,
            JsonKind.Boolean => JsonSchemaType.Boolean,
            _ => JsonSchemaType.String,
        };
        var schema = new OpenApiSchema { Type = type };
        field.Rule.Describe(schema);
        return new OpenApiParameter
        {
            Name = field.Name,
            In = ParameterLocation.Query,
            Description = field.Description + ".",
            Example = field.Example,
            Schema = schema,
        };
    }

    // What is no text is octets, and clients must not decode it.
    private static void DescribeText(string media, OpenApiMediaType answer)
    {
        answer.Example = Examples.OfText(media);
        if (media == MediaTypes.Certificate)
            answer.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
    }

    public static void DescribeHeaders(OpenApiResponses responses, IReadOnlyList<SentHeader> own)
    {
        foreach (var (code, response) in responses)
        {
            var status = int.Parse(code, CultureInfo.InvariantCulture);
            if (response is not OpenApiResponse described)
                continue;
            described.Headers = ResponseHeader.OfStatus(status)
                .Concat(own.Where(header => header.Status == status).Select(header => header.Header))
                .ToDictionary(header => header.Name, IOpenApiHeader (header) => new OpenApiHeader
                {
                    Description = header.Description,
                    Required = true,
                    Schema = new OpenApiSchema { Type = header.Type == JsonKind.Integer ? JsonSchemaType.Integer : JsonSchemaType.String },
                });
        }
    }

    // "GET", "api/v1/audit/{id}" -> "getAuditById".
    private static IEnumerable<string> Words(string segment) => segment.StartsWith('{')
        ? ["By" + Capital(segment.Trim('{', '}').Split(':')[0])]
        : segment.Split('-', '_', '.').Select(Capital);

    private static string Capital(string word) => word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..];
}
