using Certctl.Api.Hosting.Telemetry;
using Certctl.Api.Rest.Http;
using Microsoft.OpenApi;

namespace Certctl.Api.Rest.OpenApi;

/// <summary><c>/metrics</c> in the OpenAPI document: it is served ahead of the routes, and only where it is turned on.</summary>
internal static class MetricsOperation
{
    public static void AddTo(OpenApiDocument document)
    {
        var operation = new OpenApiOperation
        {
            OperationId = "getMetrics",
            Summary = "Figures for Prometheus",
            Description = "Where CERTCTL_METRICS_ENABLED is true, else 404. "
                + "Where CERTCTL_METRICS_TOKEN is set, it is the bearer token; the API's own keys are not taken here.",
            Tags = new HashSet<OpenApiTagReference> { new("health", document) },
            Responses = new OpenApiResponses
            {
                ["200"] = new OpenApiResponse
                {
                    Description = "OK",
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["text/plain"] = new()
                        {
                            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                            Example = "# TYPE certctl_approvals_pending gauge\ncertctl_approvals_pending 2\n",
                        },
                    },
                },
                ["401"] = Problem(document, StatusCodes.Status401Unauthorized),
                ["429"] = Problem(document, StatusCodes.Status429TooManyRequests),
                ["404"] = new OpenApiResponse { Description = "It is turned off." },
            },
        };
        OperationOfRoute.DescribeHeaders(operation.Responses, []);
        var operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Get] = operation };
        document.Paths[TelemetryRegistration.MetricsPath] = new OpenApiPathItem { Operations = operations };
    }

    private static OpenApiResponse Problem(OpenApiDocument document, int status) => new()
    {
        Description = Problems.Words(status),
        Content = new Dictionary<string,
        OpenApiMediaType>
        { [Problems.MediaType] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), document) } },
    };
}
