using System.Security.Cryptography;
using System.Text;
using Certctl.Api.Rest.Access;
using Microsoft.AspNetCore.Authorization;
using Scalar.AspNetCore;

namespace Certctl.Api.Rest.OpenApi;

/// <summary>
/// The API reference as an HTML page, rendered by Scalar from the OpenAPI document. A browser asks its user for a name and a password (RFC
/// 7617): the key is the password, the name is ignored. Basic authentication is accepted for this read-only page alone, because a browser
/// attaches remembered credentials to requests of any origin.
/// </summary>
internal static class ReferencePage
{
    private const string Path = $"{ApiReference.Root}/reference";

    /// <summary>RFC 7617 §2: what a browser understands.</summary>
    public const string Challenge = "Basic realm=\"certctl\", charset=\"UTF-8\"";

    private const string Prefix = "Basic ";

    public static void MapReferencePage(this WebApplication app)
    {
        // Script and icon are separate routes, which Scalar would serve without authentication.
        var group = app.MapGroup("").RequireAuthorization(ApiPolicy.Auditor).ShowsInBrowser();
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            foreach (var anonymous in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
                endpoint.Metadata.Remove(anonymous);
        });
        group.MapScalarApiReference(Path, Configure);
    }

    /// <summary>A browser may ask for this by name and password.</summary>
    public static TBuilder ShowsInBrowser<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new BrowserMetadata());

    public static bool IsFor(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<BrowserMetadata>() is not null;

    /// <summary>The password of the header; null: it is none of RFC 7617.</summary>
    public static string? PasswordOf(string header)
    {
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return null;
        var octets = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Prefix.Length..], octets, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(octets.AsSpan(0, length)).Split(':', 2);
        return pair.Length == 2 ? pair[1] : null;
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
        options.OpenApiRoutePattern = $"{ApiReference.Root}/v1.json";
        options.DefaultOpenAllTags = true;
        options.DefaultFonts = false;
        options.Telemetry = false;
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
        options.Authentication = new ScalarAuthenticationOptions { PreferredSecuritySchemes = [ApiReference.Scheme] };
        options.Agent = new ScalarAgentOptions { Disabled = true };
        options.Mcp = new ScalarMcpOptions { Disabled = true };
    }

    private sealed record BrowserMetadata;
}
