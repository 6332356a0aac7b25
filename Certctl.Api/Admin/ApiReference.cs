using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Certctl.Api.Admin;

/// <summary>
/// The OpenAPI 3.1 document of the REST API, generated from its routes: what they declare (<see cref="EndpointContract"/>) is what is written. The copy
/// in docs/openapi.json must be the same.
/// </summary>
internal static class ApiReference
{
    /// <summary>Where it is served.</summary>
    public const string Root = "/openapi";

    /// <summary>The name of its one security scheme.</summary>
    public const string Scheme = "bearer";

    // A query that is not known is a 400 anywhere.
    private static readonly int[] OfEveryRoute =
        [StatusCodes.Status400BadRequest, StatusCodes.Status429TooManyRequests, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable];

    public static IServiceCollection AddApiReference(this IServiceCollection services)
    {
        // Schemas are drawn from these.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = ApiJson.Options.PropertyNamingPolicy;
            json.SerializerOptions.DictionaryKeyPolicy = ApiJson.Options.DictionaryKeyPolicy;
            json.SerializerOptions.NumberHandling = ApiJson.Options.NumberHandling;
            json.SerializerOptions.RespectNullableAnnotations = true;
            foreach (var converter in ApiJson.Options.Converters)
                json.SerializerOptions.Converters.Add(converter);
        });
        return services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description => description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer(DescribeAsync);
            options.AddOperationTransformer(DescribeAsync);
            options.AddSchemaTransformer((schema, context, _) =>
            {
                if (Examples.Of(context.JsonTypeInfo.Type) is { } example)
                    schema.Examples = [example];
                return Task.CompletedTask;
            });
        });
    }

    public static void MapApiReference(this WebApplication app) => app.MapOpenApi($"{Root}/{{documentName}}.json").RequireAuthorization(ApiPolicy.Auditor).ShowsInBrowser();

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "certctl",
            Version = "v1",
            Description = "Certificate enrolment for fleets of devices: how it is set up, what it issued, who decided what. Times are RFC 3339 in UTC. Refusals are RFC 9457 problems.",
        };
        document.Servers?.Clear();
        document.Tags = document.Paths.Values.SelectMany(path => path.Operations!.Values).SelectMany(operation => operation.Tags!).Select(tag => tag.Reference.Id!).Distinct()
            .Select(name => new OpenApiTag { Name = name }).ToHashSet();
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Scheme, Description = "RFC 6750 §2.1: a key of the API, or a token of the OpenID Connect issuer." },
        };
        return Task.CompletedTask;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.OperationId = OperationId(context.Description.HttpMethod!, context.Description.RelativePath!);
        var collection = context.Description.RelativePath!.Split('/')[2];
        operation.Tags = new HashSet<OpenApiTagReference> { new(collection, context.Document) };
        operation.Parameters ??= [];
        foreach (var id in operation.Parameters.OfType<OpenApiParameter>())
            id.Example = Examples.OfId(collection);
        foreach (var field in metadata.OfType<KnownQuery>().SelectMany(query => query.Fields))
            operation.Parameters.Add(Parameter(field));
        if (operation.Parameters.Count == 0)
            operation.Parameters = null;

        var statuses = OfEveryRoute.ToList();
        if (!metadata.OfType<IAllowAnonymous>().Any())
        {
            var role = new[] { ApiPolicy.Admin, ApiPolicy.Operator, ApiPolicy.Auditor }.First(policy => metadata.OfType<IAuthorizeData>().Any(data => data.Policy == policy));
            operation.Description = $"{operation.Description} Role: {role}.".TrimStart();
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            statuses.AddRange([StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);
        }

        if (operation.RequestBody is not null)
            statuses.AddRange([StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType]);

        operation.Responses ??= [];
        foreach (var (media, answer) in operation.Responses.Values.SelectMany(response => response.Content ?? new Dictionary<string, OpenApiMediaType>()))
            answer.Example = Examples.OfText(media);
        var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemBody), null, cancellationToken);
        context.Document?.AddComponent(nameof(ProblemBody), problem);
        foreach (var status in statuses.Select(status => status.ToString(CultureInfo.InvariantCulture)).Where(status => !operation.Responses.ContainsKey(status)))
        {
            operation.Responses[status] = new OpenApiResponse
            {
                Description = Problems.Words(int.Parse(status, CultureInfo.InvariantCulture)),
                Content = new Dictionary<string, OpenApiMediaType> { [Problems.MediaType] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), context.Document) } },
            };
        }
    }

    private static OpenApiParameter Parameter(QueryField field) => new()
    {
        Name = field.Name,
        In = ParameterLocation.Query,
        Description = field.Description + ".",
        Example = Examples.OfQuery(field),
        Schema = new OpenApiSchema
        {
            Type = field.Type switch { "integer" => JsonSchemaType.Integer, "boolean" => JsonSchemaType.Boolean, _ => JsonSchemaType.String },
            Format = field.Format,
            Enum = field.Words?.Select(word => (JsonNode)JsonValue.Create(word)).ToList(),
        },
    };

    // "GET", "api/v1/audit/{id}" -> "getAuditById".
    private static string OperationId(string method, string path) => method.ToLowerInvariant() + string.Concat(path.Split('/')[2..].SelectMany(Words));

    private static IEnumerable<string> Words(string segment) => segment.StartsWith('{')
        ? ["By" + Capital(segment.Trim('{', '}').Split(':')[0])]
        : segment.Split('-', '_', '.').Select(Capital);

    private static string Capital(string word) => word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..];
}
