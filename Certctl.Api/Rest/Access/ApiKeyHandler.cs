using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Rest.OpenApi;
using Certctl.Application.Admin;
using Certctl.Application.Admin.ApiKeys;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Protocols;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// <c>Authorization: Bearer KEY</c> (RFC 6750 §2.1). Every configured key is compared, whichever matches: the time tells nothing. Then
/// those that were made at run time, as the database has them now: what one process revokes, no other takes.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiOptions api,
    ConfiguredApiKeys configured, IApiKeyRepository keys,
    DatabaseClock clock, AccessTrail trail)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    private const string Prefix = "Bearer ";
    private const string Challenge = "Bearer realm=\"certctl\"";
    private const string Missing = "Authorization header required";
    private const string Strange = "Invalid API key";

    // Who is at the machine, where no keys are asked for.
    private const string LocalActor = ReservedNames.Local;

    private static readonly TimeSpan UsedGrain = TimeSpan.FromMinutes(1);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Endpoints without an authorization policy (SCEP, health) are not authenticated.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
            return AuthenticateResult.NoResult();
        if (!api.RequiresKey)
            return ComesFromHere()
                ? AuthenticateResult.Success(Ticket(LocalActor, ApiRole.Admin))
                : AuthenticateResult.Fail("Only requests of this machine are taken here");
        var header = Request.Headers.Authorization.ToString();
        if (header.Length == 0)
            return AuthenticateResult.NoResult();
        var presented = header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && header.Length > Prefix.Length
            ? header[Prefix.Length..]
            : ReferencePage.IsFor(Context) ? ReferencePage.PasswordOf(header) : null;
        if (presented is null)
            return AuthenticateResult.Fail("Invalid Authorization header format, expected: Bearer <token>");
        if (Find(new Secret(presented)) is { } key)
            return AuthenticateResult.Success(Ticket(key.Name, key.Role));
        return ApiKeyToken.Parse(presented) is { } made ? await OfMadeAsync(made) : AuthenticateResult.Fail(Strange);
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = ReferencePage.IsFor(Context)
            ? new StringValues([Challenge, ReferencePage.Challenge])
            : Challenge;
        await trail.RefuseAsync(Context, StatusCodes.Status401Unauthorized, result.Failure?.Message ?? Missing);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => ApiPolicy.ForbidAsync(Context);

    private async Task<AuthenticateResult> OfMadeAsync(ApiKeyToken presented)
    {
        var key = await keys.FindAsync(presented.Id, Context.RequestAborted);
        if (key is null || !CryptographicOperations.FixedTimeEquals(key.Sha256, presented.Sha256()))
            return AuthenticateResult.Fail(Strange);
        var now = await clock.NowAsync(Context.RequestAborted);
        switch (key.StateAt(now))
        {
            case ApiKeyState.Revoked:
                return AuthenticateResult.Fail("API key was revoked");
            case ApiKeyState.Expired:
                return AuthenticateResult.Fail("API key has expired");
            default:
                if (key.LastUsedAt is not { } used || now - used >= UsedGrain)
                    await keys.TouchAsync(key.Id, now, Context.RequestAborted);
                return AuthenticateResult.Success(Ticket(key.Name, key.Role, key.Principal));
        }
    }

    // Where no key is asked for, a page of any web site could have the browser of this machine act for it: by a form (it sends Origin, RFC
    // 6454 §7.3), or under a name of its own that it lets point here (it stands in Host).
    private bool ComesFromHere()
    {
        var origin = Request.Headers.Origin.ToString();
        return ApiSettings.IsLoopback(Request.Host.Host.Trim('[', ']'))
            && (origin.Length == 0 || origin == $"{Request.Scheme}://{Request.Host}");
    }

    private NamedApiKey? Find(Secret presented)
    {
        NamedApiKey? found = null;
        foreach (var key in configured.All)
        {
            if (key.Key.Matches(presented))
                found = key;
        }

        return found;
    }

    private static AuthenticationTicket Ticket(string actor, ApiRole role, string? principal = null) =>
        new(ApiPolicy.Principal(actor, role, principal), SchemeName);
}

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

    public static ApiRole RoleOf(ClaimsPrincipal user) => Enum.Parse<ApiRole>(user.FindFirstValue(RoleClaim)!);

    /// <summary>Who answers for the actor: <see cref="AdminCaller.Principal"/>.</summary>
    public static string PrincipalOf(ClaimsPrincipal user) => user.FindFirstValue(PrincipalClaim)!;

    public static string ActorOf(HttpContext http) => http.User.Identity!.Name!;

    private static void Require(AuthorizationPolicyBuilder policy, ApiRole least) =>
        policy.RequireAuthenticatedUser().RequireAssertion(context => context.User.HasClaim(claim => claim.Type == RoleClaim)
            && RoleOf(context.User) >= least);
}
