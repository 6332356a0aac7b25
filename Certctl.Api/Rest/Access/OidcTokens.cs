using Certctl.Api.Configuration.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Tokens;

namespace Certctl.Api.Rest.Access;

/// <summary>
/// Bearer tokens of an OpenID Connect issuer (RFC 9068, OpenID Connect Core 1.0 §3.1.3.7), judged by the framework's own handler:
/// signature by the issuer's published keys, issuer, audience, time. The caller gets the highest role that the map gives to the token's
/// claims, and is <c>oidc:NAME</c> in the audit trail.
/// </summary>
internal static class OidcTokens
{
    // Metadata and keys of the largest public issuers take some 20 kB.
    private const int MaxDocument = 1 << 20;

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // The issuer's public keys are public: a token that is only hashed with one proves nothing.
    private static readonly string[] Signatures =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>
    /// Which scheme judges a request: tokens go to the handler of tokens, everything else to <see cref="ApiKeyHandler"/>.
    /// </summary>
    public static string SchemeOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        return http.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null
            && header.StartsWith("Bearer eyJ", StringComparison.OrdinalIgnoreCase) && header.Count(c => c == '.') == 2
            ? JwtBearerDefaults.AuthenticationScheme
            : ApiKeyHandler.SchemeName;
    }

    /// <summary>Asks an issuer within bounds of time and size.</summary>
    public static HttpClient Bound(HttpMessageHandler issuer) =>
        new(issuer) { Timeout = Patience, MaxResponseContentBufferSize = MaxDocument };

    /// <summary>What every token must be.</summary>
    public static TokenValidationParameters Validation(string audience) => new()
    {
        ValidAudience = audience,
        ValidAlgorithms = Signatures,
        ClockSkew = Skew,
    };

    /// <param name="issuer">Reaches the issuer.</param>
    public static void AddOidcTokens(this AuthenticationBuilder authentication, OidcOptions options, IDocumentRetriever issuer)
    {
        authentication.Services.AddSingleton(services => new OidcKeys(
            $"{options.Authority.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration",
            issuer,
            services.GetRequiredService<TimeProvider>()));
        authentication.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<OidcKeys>((jwt, keys) => jwt.ConfigurationManager = keys);
        authentication.AddJwtBearer(jwt =>
        {
            jwt.MapInboundClaims = false;
            jwt.TokenValidationParameters = Validation(options.Audience);
            jwt.Events = new JwtBearerEvents
            {
                OnMessageReceived = LookAtHeaderAsync,
                OnAuthenticationFailed = context =>
                {
                    // Also where the key is known by name: the issuer may have given its name to another.
                    if (context.Exception is SecurityTokenInvalidSignatureException)
                        Keys(context.HttpContext).RequestRefresh();
                    return Task.CompletedTask;
                },
                OnTokenValidated = context =>
                {
                    try
                    {
                        var person = OidcPerson.Of(context.Principal!, options);
                        context.Principal = ApiPolicy.Principal(person.Actor, person.Role, person.Principal);
                    }
                    catch (SecurityTokenValidationException nameless)
                    {
                        context.Fail(nameless);
                    }

                    return Task.CompletedTask;
                },
                OnChallenge = context =>
                {
                    context.HandleResponse();
                    context.Response.Headers.WWWAuthenticate = "Bearer realm=\"certctl\", error=\"invalid_token\"";
                    return context.HttpContext.RequestServices.GetRequiredService<AccessTrail>()
                        .RefuseAsync(context.HttpContext, StatusCodes.Status401Unauthorized, Words(context.AuthenticateFailure));
                },
                OnForbidden = context => ApiPolicy.ForbidAsync(context.HttpContext),
            };
        });
    }

    private static OidcKeys Keys(HttpContext http) => http.RequestServices.GetRequiredService<OidcKeys>();

    private static async Task LookAtHeaderAsync(MessageReceivedContext context)
    {
        JsonWebToken token;
        try
        {
            token = new JsonWebToken(context.Request.Headers.Authorization.ToString()["Bearer ".Length..].Trim());
        }
        catch (ArgumentException)
        {
            context.Fail(new SecurityTokenMalformedException());
            return;
        }

        if (HasCritical(token))
        {
            context.Fail(new CriticalHeaderException());
            return;
        }

        // Without the issuer's keys nothing can be said about a token: that is no refusal of it, so the exception leaves as 503.
        if (string.IsNullOrEmpty(token.Kid))
            await Keys(context.HttpContext).GetConfigurationAsync(context.HttpContext.RequestAborted);
        else
            await Keys(context.HttpContext).LookForAsync(token.Kid, context.HttpContext.RequestAborted);
    }

    // RFC 7515 §4.1.11: who does not understand an extension named in "crit" must refuse the token. None is understood here.
    private static bool HasCritical(JsonWebToken token) => token.TryGetHeaderValue<object>("crit", out _);

    /// <summary>Looks for the key of a token that came from the issuer itself.</summary>
    /// <exception cref="SecurityTokenException">It is none, or cannot be judged.</exception>
    /// <exception cref="OidcUnavailableException">The issuer cannot be read.</exception>
    public static async Task LookForKeyAsync(this OidcKeys keys, string token, CancellationToken cancellationToken)
    {
        JsonWebToken read;
        try
        {
            read = new JsonWebToken(token);
        }
        catch (ArgumentException malformed)
        {
            throw new SecurityTokenMalformedException("Invalid token", malformed);
        }

        if (HasCritical(read))
            throw new CriticalHeaderException();
        if (!string.IsNullOrEmpty(read.Kid))
            await keys.LookForAsync(read.Kid, cancellationToken);
    }

    /// <summary>Why a token is refused, for the client and for auditors; no secret.</summary>
    public static string Words(Exception? failure) => failure switch
    {
        SecurityTokenExpiredException => "Token has expired",
        SecurityTokenNotYetValidException => "Token is not valid yet",
        SecurityTokenInvalidAudienceException => "Token is for another audience",
        SecurityTokenInvalidIssuerException => "Token is of another issuer",
        SecurityTokenNoExpirationException => "Token has no end",
        SecurityTokenInvalidAlgorithmException or SecurityTokenInvalidSignatureException or SecurityTokenSignatureKeyNotFoundException =>
            "Token is not signed by its issuer",
        OidcPerson.NamelessTokenException nameless => nameless.Message,
        CriticalHeaderException critical => critical.Message,
        _ => "Invalid token",
    };

    private sealed class CriticalHeaderException() : SecurityTokenValidationException(
        "Token has critical header parameters (crit) that are not understood here");
}
