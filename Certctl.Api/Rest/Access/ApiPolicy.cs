using System.Security.Claims;
using Certctl.Api.Configuration.Access;
using Certctl.Application.Admin;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.Protocols;

namespace Certctl.Api.Rest.Access;

/// <summary>Which role an endpoint asks for.</summary>
internal static class ApiPolicy
{
    private const string Scheme = "Bearer key or token";
    private const string RoleClaim = "certctl:role";
    private const string PrincipalClaim = "certctl:principal";

    public const string Auditor = "auditor";
    public const string Operator = "operator";
    public const string Admin = "admin";

    /// <param name="issuer">Reaches the issuer of tokens; null where none are taken.</param>
    public static IServiceCollection AddApiAuthorization(this IServiceCollection services, OidcOptions? oidc, IDocumentRetriever? issuer)
    {
        var authentication = AddAuthenticationAlone(services).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(
            ApiKeyHandler.SchemeName, null)
            .AddPolicyScheme(
                Scheme,
                null,
                policy => policy.ForwardDefaultSelector = http => oidc is null ? ApiKeyHandler.SchemeName : OidcTokens.SchemeOf(http));
        if (oidc is not null)
            authentication.AddOidcTokens(oidc, issuer!);
        return services.AddRolePolicies();
    }

    /// <summary>The policies by which REST and the pages ask for a role.</summary>
    public static IServiceCollection AddRolePolicies(this IServiceCollection services)
    {
        services.AddAuthorizationBuilder()
            .AddPolicy(Auditor, policy => Require(policy, ApiRole.Auditor))
            .AddPolicy(Operator, policy => Require(policy, ApiRole.Operator))
            .AddPolicy(Admin, policy => Require(policy, ApiRole.Admin));
        return services;
    }

    // AddAuthentication brings data protection for cookies along, which makes a key ring at start, warns that it is not encrypted and
    // leaves it in ~/.aspnet. Bearer keys and tokens need none of it; whatever asks for it some day gets an exception at start, and has to
    // say where its keys are kept.
    private static AuthenticationBuilder AddAuthenticationAlone(IServiceCollection services)
    {
        var authentication = services.AddAuthentication(Scheme);
        foreach (var descriptor in services.Where(IsDataProtection).ToList())
            services.Remove(descriptor);
        return authentication;
    }

    private static bool IsDataProtection(ServiceDescriptor descriptor) =>
        new[] { descriptor.ServiceType, descriptor.IsKeyedService ? null : descriptor.ImplementationType }
            .Any(type => type?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true);

    /// <param name="role">Null when the caller has no role.</param>
    /// <param name="principal">Who answers for the actor; null: the actor.</param>
    public static ClaimsPrincipal Principal(string actor, ApiRole? role, string? principal = null)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, actor), new Claim(PrincipalClaim, principal ?? actor)], Scheme);
        if (role is { } given)
            identity.AddClaim(new Claim(RoleClaim, given.ToString()));
        return new ClaimsPrincipal(identity);
    }

    /// <summary>Writes the 403 for an authenticated caller whose role is insufficient.</summary>
    public static Task ForbidAsync(HttpContext http)
    {
        var asked = http.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).ToList() ?? [];
        var message = asked.Contains(Admin)
            ? "Admin access required"
            : asked.Contains(Operator) ? "Operator access required" : "This actor has no role here";
        return http.RequestServices.GetRequiredService<AccessTrail>().RefuseAsync(http, StatusCodes.Status403Forbidden, message);
    }

    /// <summary>Null: the caller has no role.</summary>
    public static ApiRole? FindRole(ClaimsPrincipal user) => user.HasClaim(claim => claim.Type == RoleClaim) ? RoleOf(user) : null;

    public static ApiRole RoleOf(ClaimsPrincipal user) => Enum.Parse<ApiRole>(user.FindFirstValue(RoleClaim)!);

    /// <summary>Who answers for the actor: <see cref="AdminCaller.Principal"/>.</summary>
    public static string PrincipalOf(ClaimsPrincipal user) => user.FindFirstValue(PrincipalClaim)!;

    public static string ActorOf(HttpContext http) => http.User.Identity!.Name!;

    private static void Require(AuthorizationPolicyBuilder policy, ApiRole least) =>
        policy.RequireAuthenticatedUser().RequireAssertion(context => FindRole(context.User) >= least);
}
