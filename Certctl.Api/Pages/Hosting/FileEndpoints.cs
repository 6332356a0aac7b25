using Certctl.Api.Pages.Lists;
using Certctl.Api.Rest.Access;
using Certctl.Api.Rest.Endpoints;
using Certctl.Application.Enrolments.Trail;

namespace Certctl.Api.Pages.Hosting;

/// <summary>What a page hands out as a file: the answers of the REST API, on the operator's session.</summary>
internal static class FileEndpoints
{
    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/certificates/{id}/download", CertificateEndpoints.DownloadAsync).RequireAuthorization(ApiPolicy.Auditor);
        routes.MapGet("/audit/export", Export).RequireAuthorization(ApiPolicy.Auditor);
    }

    // The REST API checks a query by the contract of its route; here the address was made by a page, or was typed.
    private static IResult Export(HttpContext http, IAuditRepository audit) =>
        ListAddress.ProblemsOf(http.Request.Query, AuditEndpoints.ExportFields) is { Count: > 0 } problems
            ? Results.Text(
                string.Join('\n', problems.Select(problem => $"{problem.Key} {problem.Value}")), statusCode: StatusCodes.Status400BadRequest)
            : AuditEndpoints.ExportAsync(http, audit);
}
