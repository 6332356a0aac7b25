using Certctl.Api.Configuration.Access;
using Certctl.Api.Pages.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace Certctl.Api.Pages.Session;

/// <summary>Sessions of operators: a cookie that holds who signed in, encrypted, and by which key; never the key.</summary>
internal static class SessionRegistration
{
    public const string Scheme = "Session";

    /// <summary>Below the root of the pages.</summary>
    public const string SignInPath = "/sign-in";

    // RFC 6265bis §4.1.3.1: a browser takes a name that begins so over TLS alone.
    private const string Cookie = "__Secure-certctl-session";
    private const string FormCookie = "__Secure-certctl-form";

    public static void AddSessions(this IServiceCollection services, ApiOptions api, PagesKey key)
    {
        services.AddSingleton(key);
        services.AddSingleton<SessionKeyStore>();
        services.AddSingleton<SessionCheck>();
        services.AddDataProtection().SetApplicationName("certctl pages");
        services.AddOptions<KeyManagementOptions>().Configure<SessionKeyStore>((management, store) =>
        {
            management.XmlRepository = store;
            management.XmlEncryptor = new SessionKeyEncryptor(key);
        });
        services.AddAntiforgery(forms => Harden(forms.Cookie, FormCookie));
        var authentication = services.AddAuthentication(api.RequiresKey ? Scheme : LocalHandler.SchemeName).AddCookie(Scheme, Configure)
            .AddScheme<AuthenticationSchemeOptions, LocalHandler>(LocalHandler.SchemeName, null);
        if (api.Oidc?.Client is { } client)
            authentication.AddIssuerSignIn(api.Oidc, client);
    }

    private static void Configure(CookieAuthenticationOptions options)
    {
        Harden(options.Cookie, Cookie);
        options.SlidingExpiration = false;
        options.LoginPath = SignInPath;
        options.ReturnUrlParameter = SessionEndpoints.ReturnTo;
        options.Events.OnValidatePrincipal = ValidateAsync;

        // The host that the browser asked may be known to a proxy alone.
        options.Events.OnRedirectToLogin = context =>
        {
            context.Response.Redirect(new Uri(context.RedirectUri).PathAndQuery);
            return Task.CompletedTask;
        };
        options.Events.OnRedirectToAccessDenied = context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        };
    }

    /// <param name="sameSite">Lax for what a browser must bring along when it comes back from another site.</param>
    public static void Harden(CookieBuilder cookie, string name, SameSiteMode sameSite = SameSiteMode.Strict)
    {
        cookie.Name = name;
        cookie.HttpOnly = true;
        cookie.SameSite = sameSite;
        cookie.SecurePolicy = CookieSecurePolicy.Always;
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        if (!await http.RequestServices.GetRequiredService<SessionCheck>().CountsAsync(context.Principal!, http.RequestAborted))
        {
            context.RejectPrincipal();
            await http.SignOutAsync(Scheme);
            return;
        }

        SessionCheck.NoteAddress(context.Principal!, http);
    }
}
