using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Rest.Access;

namespace Certctl.Api.Pages.Session;

/// <summary>Whether a session still counts: its time has not run out, and the key that opened it is still accepted,
/// or the issuer still names its people.</summary>
internal sealed class SessionCheck(ApiKeyCheck keys, ApiOptions api, TimeProvider clock)
{
    /// <summary>A working day.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(8);

    /// <summary>Of who signed in by the issuer, where a withdrawn account is seen at the next sign-in alone.</summary>
    public static readonly TimeSpan LongestByIssuer = TimeSpan.FromHours(1);

    /// <summary>Where the operator's browser is, for the audit trail.</summary>
    public const string AddressClaim = "certctl:address";

    // Forms are of the user whom this names; without it they would be of all claims, also of the address.
    private const string SubjectClaim = "sub";
    private const string KeyClaim = "certctl:key";
    private const string EndClaim = "certctl:end";
    private const string IssuerMark = "oidc:";

    /// <summary>Who signed in, until when, by which key.</summary>
    public static ClaimsPrincipal Open(ApiKeyVerdict.Accepted key, DateTimeOffset end) =>
        Open(ApiPolicy.Principal(key.Actor, key.Role, key.Principal), key.Mark, end);

    /// <summary>Likewise by the issuer.</summary>
    public static ClaimsPrincipal Open(OidcPerson person, OidcOptions issuer, DateTimeOffset end) =>
        Open(ApiPolicy.Principal(person.Actor, person.Role, person.Principal), MarkOf(issuer), end);

    private static ClaimsPrincipal Open(ClaimsPrincipal user, string mark, DateTimeOffset end)
    {
        ((ClaimsIdentity)user.Identity!).AddClaims(
        [
            new Claim(SubjectClaim, user.Identity.Name!),
            new Claim(KeyClaim, mark),
            new Claim(EndClaim, end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ]);
        return user;
    }

    /// <summary>When its time runs out.</summary>
    public static DateTimeOffset EndOf(ClaimsPrincipal user) =>
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(user.FindFirstValue(EndClaim)!, CultureInfo.InvariantCulture));

    /// <summary>Notes where the request comes from: the code of an open page has no request to ask.</summary>
    public static void NoteAddress(ClaimsPrincipal user, HttpContext http)
    {
        if (http.Connection.RemoteIpAddress?.ToString() is { } address)
            ((ClaimsIdentity)user.Identity!).AddClaim(new Claim(AddressClaim, address));
    }

    public async Task<bool> CountsAsync(ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (!api.RequiresKey)
            return user.Identity is { IsAuthenticated: true };
        return user.FindFirstValue(KeyClaim) is { } mark
            && clock.GetUtcNow() < EndOf(user)
            && (mark.StartsWith(IssuerMark, StringComparison.Ordinal)
                ? api.Oidc is { Client: not null } issuer && mark == MarkOf(issuer)
                : await keys.StillCountsAsync(mark, cancellationToken));
    }

    // With another issuer, or other roles for its people, they sign in again.
    private static string MarkOf(OidcOptions issuer)
    {
        var roles = issuer.RoleMap.OrderBy(role => role.Key, StringComparer.Ordinal).Select(role => $"{role.Key}={role.Value}");
        var text = string.Join('\0', [issuer.Authority.AbsoluteUri, issuer.Client!.Id, issuer.RoleClaim, issuer.NameClaim, .. roles]);
        return IssuerMark + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
