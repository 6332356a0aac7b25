using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document of the REST API, generated from its routes: what they declare (<see cref="EndpointContract"/>) is what is
/// written. The copy in docs/openapi.json must be the same.
/// </summary>
internal static class ApiReference
{
    /// <summary>Where it is served.</summary>
    public const string Root = "/openapi";

    private const string Version = "v1";

    /// <summary>The name of its one security scheme.</summary>
    public const string Scheme = "bearer";

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
        return services.AddOpenApi(Version, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description => description.RelativePath is "health" or "ready"
                || description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer(DescribeAsync);
            options.AddOperationTransformer(OperationOfRoute.DescribeAsync);
            options.AddSchemaTransformer(SchemaOfType.DescribeAsync);
        });
    }

    public static void MapApiReference(this WebApplication app) =>
        app.MapOpenApi($"{Root}/{{documentName}}.json").RequireAuthorization(ApiPolicy.Auditor);

    /// <summary>Writes the document of a server whose services are not those of the request.</summary>
    public static async Task WriteAsync(HttpContext http, IServiceProvider server)
    {
        var document = await server.GetRequiredKeyedService<IOpenApiDocumentProvider>(Version)
            .GetOpenApiDocumentAsync(http.RequestAborted);
        http.Response.ContentType = "application/json;charset=utf-8";
        await http.Response.WriteAsync(
            await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, http.RequestAborted), http.RequestAborted);
    }

    private static Task DescribeAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "certctl",
            Version = "v1",
            Description = "Certificate enrolment for fleets of devices: how it is set up, what it issued, who decided what. "
                + "Times are RFC 3339 with their offset, in UTC where they are answered. "
                + "HEAD is answered wherever GET is. Refusals are RFC 9457 problems.",
        };
        document.Servers?.Clear();
        MetricsOperation.AddTo(document);
        document.Tags = document.Paths.Values.SelectMany(path => path.Operations!.Values)
            .SelectMany(operation => operation.Tags!).Select(tag => tag.Reference.Id!).Distinct()
            .Select(name => new OpenApiTag { Name = name }).ToHashSet();
        document.Components ??= new OpenApiComponents();
        SchemaOfType.RemoveNull(document);
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Scheme,
                Description = "RFC 6750 §2.1: a key of the API, or a token of the OpenID Connect issuer.",
            },
        };
        return Task.CompletedTask;
    }
}
