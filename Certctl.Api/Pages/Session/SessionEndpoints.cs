using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Certctl.Application.Enrolments.Trail;
using Certctl.Domain.Audit;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;

namespace Certctl.Api.Pages.Session;

/// <summary>Opens and closes sessions, by forms of the pages.</summary>
internal static class SessionEndpoints
{
    public const string Open = "session";
    public const string Close = "session/end";

    /// <summary>Field of the form, and of the sign-in page's query.</summary>
    public const string ReturnTo = "return";
    public const string Key = "key";

    /// <summary>Of the sign-in page's query: why it is shown again.</summary>
    public const string Problem = "problem";
    public const string Refused = "refused";

    /// <summary>The same, of who came by the issuer.</summary>
    public const string IssuerRefused = "issuer";
    public const string IssuerUnavailable = "issuer-unavailable";
    public const string NoRole = "role";

    // No key is longer.
    private const int MaxForm = 16 * 1024;

    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/" + Open, OpenAsync).ExcludeFromDescription();
        routes.MapPost("/" + Close, CloseAsync).ExcludeFromDescription();
    }

    private static async Task OpenAsync(HttpContext http)
    {
        if (await FormAsync(http) is not { } form)
            return;
        var services = http.RequestServices;
        var target = form[ReturnTo].ToString();
        switch (await services.GetRequiredService<ApiKeyCheck>().JudgeAsync(form[Key].ToString().Trim(), http.RequestAborted))
        {
            case ApiKeyVerdict.Accepted key:
                var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
                var end = key.ExpiresAt is { } expires && expires < now + SessionCheck.Longest ? expires : now + SessionCheck.Longest;
                http.User = SessionCheck.Open(key, end);
                await SignInAsync(http, $"role {key.Role.ToString().ToLowerInvariant()}, until {end:O}", end);
                See(http, IsPage(http, target) ? target : $"{http.Request.PathBase}/");
                break;
            case ApiKeyVerdict.Refused(var why):
                await services.GetRequiredService<AccessTrail>().CountAsync(http, StatusCodes.Status401Unauthorized, why);
                See(http, SignInAgain(http, Refused, target));
                break;
        }
    }

    /// <summary>Records who signed in, <see cref="HttpContext.User"/>, and gives the browser the session.</summary>
    public static async Task SignInAsync(HttpContext http, string detail, DateTimeOffset end)
    {
        await RecordAsync(http, AuditAction.SessionOpened, detail);
        await http.SignInAsync(SessionRegistration.Scheme, http.User, new AuthenticationProperties { ExpiresUtc = end });
    }

    /// <summary>The sign-in page that says why it is shown again.</summary>
    /// <param name="target">Where the operator wanted to go.</param>
    public static string SignInAgain(HttpContext http, string problem, string target) =>
        $"{http.Request.PathBase}{SessionRegistration.SignInPath}"
        + $"?{Problem}={problem}&{ReturnTo}={Uri.EscapeDataString(IsPage(http, target) ? target : "")}";

    private static async Task CloseAsync(HttpContext http)
    {
        if (await FormAsync(http) is null)
            return;
        if (http.User.Identity is { IsAuthenticated: true })
            await RecordAsync(http, AuditAction.SessionClosed, "");
        await http.SignOutAsync(SessionRegistration.Scheme);
        See(http, $"{http.Request.PathBase}{SessionRegistration.SignInPath}");
    }

    /// <summary>Null: it is none of our page, and is refused.</summary>
    private static async Task<IFormCollection?> FormAsync(HttpContext http)
    {
        if (http.Request.HasFormContentType && http.Request.ContentLength is <= MaxForm
            && await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
            return await http.Request.ReadFormAsync(http.RequestAborted);

        // The page was open while the server's keys changed, or the form is of another site.
        See(http, $"{http.Request.PathBase}{SessionRegistration.SignInPath}");
        return null;
    }

    private static Task RecordAsync(HttpContext http, string action, string detail) => RecordAsync(http, action, "session", "", detail);

    /// <summary>Records what an operator did without a command.</summary>
    public static Task RecordAsync(HttpContext http, string action, string resourceType, string resourceId, string detail) =>
        http.RequestServices.GetRequiredService<IAuditRepository>().AppendAsync(
            AdminTrail.Event(
                new AdminCaller(
                    ApiPolicy.ActorOf(http), PageAccess.Channel, http.Connection.RemoteIpAddress?.ToString(), http.TraceIdentifier)
                {
                    Principal = ApiPolicy.PrincipalOf(http.User),
                },
                action, resourceType, resourceId, detail, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()),
            http.RequestAborted);

    // RFC 9110 §15.4.4: the answer to a form is another page.
    private static void See(HttpContext http, string page)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = page;
    }

    /// <summary>A path below the root of the pages; anything else could lead to another site.</summary>
    internal static bool IsPage(HttpContext http, string target) =>
        target.StartsWith($"{http.Request.PathBase}/", StringComparison.Ordinal)
        && !target.Contains("//", StringComparison.Ordinal)
        && !target.Contains('\\', StringComparison.Ordinal)
        && !target.Any(char.IsControl);
}
