using System.Text.Encodings.Web;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Certctl.Api.Pages.Session;

/// <summary>Where the API asks for no key, the pages ask for none: who is at this machine is admin.</summary>
internal sealed class LocalHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccessTrail trail)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Local";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!LocalAccess.ComesFromHere(Request))
            return Task.FromResult(AuthenticateResult.Fail(LocalAccess.Refusal));
        var user = ApiPolicy.Principal(ReservedNames.Local, ApiRole.Admin);
        SessionCheck.NoteAddress(user, Context);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, SchemeName)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        trail.RefuseAsync(Context, StatusCodes.Status403Forbidden, LocalAccess.Refusal);
}
