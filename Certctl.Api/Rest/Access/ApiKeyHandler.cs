using System.Text.Encodings.Web;
using Certctl.Api.Configuration.Access;
using Certctl.Application.Admin;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Certctl.Api.Rest.Access;

/// <summary><c>Authorization: Bearer KEY</c> (RFC 6750 §2.1), judged by <see cref="ApiKeyCheck"/>.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiOptions api, ApiKeyCheck keys,
    AccessTrail trail)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    private const string Prefix = "Bearer ";
    private const string Challenge = "Bearer realm=\"certctl\"";
    private const string Missing = "Authorization header required";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Endpoints without an authorization policy (SCEP, health) are not authenticated.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
            return AuthenticateResult.NoResult();
        if (!api.RequiresKey)
            return LocalAccess.ComesFromHere(Request)
                ? AuthenticateResult.Success(Ticket(ApiPolicy.Principal(ReservedNames.Local, ApiRole.Admin)))
                : AuthenticateResult.Fail(LocalAccess.Refusal);
        var header = Request.Headers.Authorization.ToString();
        if (header.Length == 0)
            return AuthenticateResult.NoResult();
        var presented = header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && header.Length > Prefix.Length
            ? header[Prefix.Length..]
            : null;
        if (presented is null)
            return AuthenticateResult.Fail("Invalid Authorization header format, expected: Bearer <token>");
        return await keys.JudgeAsync(presented, Context.RequestAborted) switch
        {
            ApiKeyVerdict.Accepted accepted => AuthenticateResult.Success(
                Ticket(ApiPolicy.Principal(accepted.Actor, accepted.Role, accepted.Principal))),
            ApiKeyVerdict.Refused(var why) => AuthenticateResult.Fail(why),
            _ => throw new InvalidOperationException("A key is accepted or refused."),
        };
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = Challenge;
        await trail.RefuseAsync(Context, StatusCodes.Status401Unauthorized, result.Failure?.Message ?? Missing);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => ApiPolicy.ForbidAsync(Context);

    private static AuthenticationTicket Ticket(System.Security.Claims.ClaimsPrincipal caller) => new(caller, SchemeName);
}
