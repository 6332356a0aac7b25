using System.Globalization;
using System.Security.Claims;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Rest.Access;

namespace Certctl.Api.Pages.Session;

/// <summary>Whether a session still counts: its time has not run out, and the key that opened it is still accepted.</summary>
internal sealed class SessionCheck(ApiKeyCheck keys, ApiOptions api, TimeProvider clock)
{
    /// <summary>A working day.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(8);

    /// <summary>Where the operator's browser is, for the audit trail.</summary>
    public const string AddressClaim = "certctl:address";

    // Forms are of the user whom this names; without it they would be of all claims, also of the address.
    private const string SubjectClaim = "sub";
    private const string KeyClaim = "certctl:key";
    private const string EndClaim = "certctl:end";

    /// <summary>Who signed in, until when, by which key.</summary>
    public static ClaimsPrincipal Open(ApiKeyVerdict.Accepted key, DateTimeOffset end)
    {
        var user = ApiPolicy.Principal(key.Actor, key.Role, key.Principal);
        ((ClaimsIdentity)user.Identity!).AddClaims(
        [
            new Claim(SubjectClaim, key.Actor),
            new Claim(KeyClaim, key.Mark),
            new Claim(EndClaim, end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ]);
        return user;
    }

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
            && long.TryParse(user.FindFirstValue(EndClaim), CultureInfo.InvariantCulture, out var end)
            && clock.GetUtcNow().ToUnixTimeSeconds() < end
            && await keys.StillCountsAsync(mark, cancellationToken);
    }
}
