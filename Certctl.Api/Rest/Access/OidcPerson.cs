using System.Security.Claims;
using Certctl.Api.Configuration.Access;
using Certctl.Application.Admin;
using Microsoft.IdentityModel.Tokens;

namespace Certctl.Api.Rest.Access;

/// <summary>Whom a token of the OpenID Connect issuer names.</summary>
/// <param name="Actor">In the audit trail.</param>
/// <param name="Principal">Who answers for the actor: <see cref="AdminCaller.Principal"/>.</param>
/// <param name="Role">The highest that the map gives to the claims; null: none.</param>
internal sealed record OidcPerson(string Actor, string Principal, ApiRole? Role)
{
    private const int MostOfName = 200;
    private const string SubjectClaim = "sub";

    // OpenID Connect Core §2 has 255; the database keeps 255 with "oidc:" before it.
    private const int MostOfSubject = 250;

    /// <exception cref="NamelessTokenException">It names no person.</exception>
    public static OidcPerson Of(ClaimsPrincipal token, OidcOptions options)
    {
        var name = Find(token, options.NameClaim, MostOfName) ?? throw new NamelessTokenException(options.NameClaim);

        // Other claims may be changed by the person whom they name; the subject never is, and belongs to one person
        // (OpenID Connect Core §2).
        var subject = Find(token, SubjectClaim, MostOfSubject) ?? throw new NamelessTokenException(SubjectClaim);
        var roles = token.FindAll(options.RoleClaim).Where(claim => options.RoleMap.ContainsKey(claim.Value))
            .Select(claim => options.RoleMap[claim.Value]).ToList();
        return new OidcPerson($"oidc:{name}", $"oidc:{subject}", roles.Count > 0 ? roles.Max() : null);
    }

    private static string? Find(ClaimsPrincipal token, string claim, int maxLength) =>
        token.FindFirstValue(claim) is { Length: > 0 } value && value.Length <= maxLength && !value.Any(char.IsControl) ? value : null;

    public sealed class NamelessTokenException(string claim)
        : SecurityTokenValidationException($"Token has no claim {claim} that could name an actor");
}
