using System.Security.Cryptography;
using Certctl.Api.Rest.Access;
using Microsoft.AspNetCore.Authorization;
using Scalar.AspNetCore;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>
/// The API reference as one of the pages, rendered by Scalar from the OpenAPI document and opened by the operator's session. To try a
/// request one types a key into the page: the session opens nothing of the REST API.
/// </summary>
internal static class ReferencePage
{
    /// <summary>Below the root of the pages, as the document is that it draws.</summary>
    public const string Path = "/reference";

    private const string Document = "/openapi.json";

    /// <param name="server">Of which the document is.</param>
    public static void MapReferencePage(this IEndpointRouteBuilder routes, IServiceProvider server)
    {
        // Script and icon are separate routes, which Scalar would serve without authentication.
        var group = routes.MapGroup("").RequireAuthorization(ApiPolicy.Auditor);
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            foreach (var anonymous in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
                endpoint.Metadata.Remove(anonymous);
        });
        group.MapScalarApiReference(Path, Configure);
        group.MapGet(Document, http => ApiReference.WriteAsync(http, server));
    }

    private static void Configure(ScalarOptions options, HttpContext http)
    {
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);

        // The script brings its styles along as elements. All is served from here, and nothing is fetched from anywhere else.
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "no-store";
        options.Nonce = nonce;
        options.Title = "certctl REST API";
        options.OpenApiRoutePattern = Document;
        options.DefaultOpenAllTags = true;
        options.DefaultFonts = false;
        options.Telemetry = false;
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
        options.Authentication = new ScalarAuthenticationOptions { PreferredSecuritySchemes = [ApiReference.Scheme] };
        options.Agent = new ScalarAgentOptions { Disabled = true };
        options.Mcp = new ScalarMcpOptions { Disabled = true };
    }
}
