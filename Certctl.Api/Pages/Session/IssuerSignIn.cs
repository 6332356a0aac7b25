using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Hosting;
using Certctl.Api.Rest.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Certctl.Api.Pages.Session;

/// <summary>
/// Sign-in at the OpenID Connect issuer: the code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636), by the framework's own handler.
/// What it keeps of a sign-in under way is in the browser, encrypted with the keys of sessions, so that any process ends what another
/// began. Of the ID token name and role go into the session; no token is kept.
/// </summary>
internal static partial class IssuerSignIn
{
    /// <summary>Begins it; below the root of the pages.</summary>
    public const string Begin = "oidc";

    private const string Scheme = "Issuer";
    private const string Callback = "/oidc/callback";
    private const string CorrelationCookie = "__Secure-certctl-oidc.";
    private const string NonceCookie = "__Secure-certctl-nonce.";

    public static void AddIssuerSignIn(this AuthenticationBuilder authentication, OidcOptions issuer, OidcClientOptions client)
    {
        authentication.AddOpenIdConnect(Scheme, options => Configure(options, issuer, client));
        authentication.Services.AddOptions<OpenIdConnectOptions>(Scheme).Configure<OidcKeys, OidcChannel>((options, keys, channel) =>
        {
            options.ConfigurationManager = keys;
            options.Backchannel = OidcTokens.Bound(channel.NewHandler());

            // The handler took the keys that it had when the browser came back; the token may be signed by a newer one.
            options.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, id, _) =>
                keys.Newest.Where(key => string.IsNullOrEmpty(id) || key.KeyId == id);
        });
    }

    /// <summary>A link, because a form that ends at another host is against the pages' policy (CSP form-action).</summary>
    public static void MapIssuerSignIn(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/" + Begin, BeginAsync).AllowAnonymous().ExcludeFromDescription();

    private static async Task BeginAsync(HttpContext http)
    {
        var target = http.Request.Query[SessionEndpoints.ReturnTo].ToString();
        try
        {
            await http.ChallengeAsync(Scheme, new AuthenticationProperties
            {
                RedirectUri = SessionEndpoints.IsPage(http, target) ? target : $"{http.Request.PathBase}/",
            });
        }
        catch (OidcUnavailableException unavailable)
        {
            Unavailable(http, unavailable, target);
        }
    }

    private static void Configure(OpenIdConnectOptions options, OidcOptions issuer, OidcClientOptions client)
    {
        options.SignInScheme = SessionRegistration.Scheme;
        options.ClientId = client.Id;
        options.CallbackPath = Callback;
        options.ResponseType = OpenIdConnectResponseType.Code;

        // By a redirect and not by a form of another site, which would need cookies that are sent with every request from anywhere.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.MapInboundClaims = false;
        options.SaveTokens = false;
        options.TokenValidationParameters = OidcTokens.Validation(client.Id);
        options.Scope.Clear();
        foreach (var scope in client.Scopes)
            options.Scope.Add(scope);
        SessionRegistration.Harden(options.CorrelationCookie, CorrelationCookie, SameSiteMode.Lax);
        SessionRegistration.Harden(options.NonceCookie, NonceCookie, SameSiteMode.Lax);
        options.Events = new OpenIdConnectEvents
        {
            OnRedirectToIdentityProvider = context =>
                context.ProtocolMessage.IssuerAddress.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                    ? Task.CompletedTask
                    : throw new OidcUnavailableException(new InvalidOperationException("Its authorization endpoint is not https.")),
            OnAuthorizationCodeReceived = context =>
            {
                context.TokenEndpointRequest!.ClientSecret = context.HttpContext.RequestServices.GetRequiredService<OidcClientSecret>()
                    .Current?.Reveal();
                return Task.CompletedTask;
            },
            OnTokenResponseReceived = context => context.HttpContext.RequestServices.GetRequiredService<OidcKeys>()
                .LookForKeyAsync(context.TokenEndpointResponse.IdToken, context.HttpContext.RequestAborted),
            OnTokenValidated = context =>
            {
                try
                {
                    context.Principal = SessionCheck.Open(
                        OidcPerson.Of(context.Principal!, issuer), issuer,
                        context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() + SessionCheck.LongestByIssuer);
                }
                catch (SecurityTokenValidationException nameless)
                {
                    context.Fail(nameless);
                }

                return Task.CompletedTask;
            },
            OnTicketReceived = OpenAsync,
            OnRemoteFailure = RefuseAsync,
        };
    }

    private static async Task OpenAsync(TicketReceivedContext context)
    {
        var http = context.HttpContext;
        var person = context.Principal!;
        var target = context.ReturnUri ?? "";
        context.HandleResponse();
        if (ApiPolicy.FindRole(person) is not { } role)
        {
            await http.RequestServices.GetRequiredService<AccessTrail>()
                .CountAsync(http, StatusCodes.Status403Forbidden, $"{person.Identity!.Name} has no role here");
            http.Response.Redirect(SessionEndpoints.SignInAgain(http, SessionEndpoints.NoRole, target));
            return;
        }

        var end = SessionCheck.EndOf(person);
        http.User = person;
        await SessionEndpoints.SignInAsync(http, $"role {role.ToString().ToLowerInvariant()}, until {end:O}, by OpenID Connect", end);

        // A redirect would still count as coming from the issuer's site, and browsers send no strict cookie with that; a page that goes on
        // by itself does not.
        var page = HtmlEncoder.Default.Encode(SessionEndpoints.IsPage(http, target) ? target : $"{http.Request.PathBase}/");
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><head><meta http-equiv=\"refresh\" content=\"0;url={page}\">"
            + $"<link rel=\"icon\" href=\"data:,\"><title>Certctl</title></head><body><a href=\"{page}\">{HtmlEncoder.Default.Encode(Texts.GoOn)}</a></body></html>",
            http.RequestAborted);
    }

    private static async Task RefuseAsync(RemoteFailureContext context)
    {
        var http = context.HttpContext;
        context.HandleResponse();
        if (context.Failure is OidcUnavailableException or HttpRequestException or TimeoutException or OperationCanceledException)
        {
            Unavailable(http, context.Failure, "");
            return;
        }

        // What anybody may have written into the address is repeated as far as it is a code of RFC 6749 §4.1.2.1.
        var error = http.Request.Query[OpenIdConnectParameterNames.Error].ToString();
        var why = ErrorCode().IsMatch(error) ? $"the issuer says {error}" : OidcTokens.Words(context.Failure);
        await http.RequestServices.GetRequiredService<AccessTrail>()
            .CountAsync(http, StatusCodes.Status401Unauthorized, $"OpenID Connect: {why}");
        http.Response.Redirect(SessionEndpoints.SignInAgain(http, SessionEndpoints.IssuerRefused, ""));
    }

    private static void Unavailable(HttpContext http, Exception failure, string target)
    {
        var reason = failure is OidcUnavailableException { InnerException: { } inner } ? inner.Message : failure.Message;
        LogUnavailable(http.RequestServices.GetRequiredService<ILogger<OidcChannel>>(), reason, http.TraceIdentifier);
        http.Response.Redirect(SessionEndpoints.SignInAgain(http, SessionEndpoints.IssuerUnavailable, target));
    }

    [LoggerMessage(1, LogLevel.Warning, "Sign-in at the OpenID Connect issuer failed: {Reason}, request {RequestId}")]
    private static partial void LogUnavailable(ILogger logger, string reason, string requestId);

    [GeneratedRegex(@"^[a-z_]{1,40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorCode();
}
