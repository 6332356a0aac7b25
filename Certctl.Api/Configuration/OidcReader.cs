using Certctl.Application.Admin;

namespace Certctl.Api.Configuration;

/// <summary>Whose OpenID Connect tokens are taken at the REST API.</summary>
/// <param name="Authority">The issuer; its metadata is below it (OpenID Connect Discovery 1.0 §4).</param>
/// <param name="Audience">What <c>aud</c> must hold.</param>
/// <param name="RoleClaim">The claim whose values <paramref name="RoleMap"/> knows.</param>
/// <param name="RoleMap">Of several the highest role counts; a token with none of them has no role here.</param>
/// <param name="NameClaim">The claim that names the actor.</param>
/// <param name="CaPath">PEM: the roots of the issuer's TLS certificate; null: those of this machine.</param>
public sealed record OidcOptions(Uri Authority, string Audience, string RoleClaim, IReadOnlyDictionary<string, ApiRole> RoleMap, string NameClaim, string? CaPath);

/// <summary>CERTCTL_OIDC_….</summary>
internal static class OidcReader
{
    private const string Prefix = "CERTCTL_OIDC_";
    private const string Authority = Prefix + "AUTHORITY";
    private const string Audience = Prefix + "AUDIENCE";
    private const string RoleMap = Prefix + "ROLE_MAP";

    /// <summary>Null: no tokens are taken.</summary>
    /// <param name="requiresKey">False: all are admins, and a token would count for nothing.</param>
    public static OidcOptions? Read(SettingValues values, bool requiresKey)
    {
        if (values.Text(Authority) is not { } authority)
        {
            foreach (var name in values.Names.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
                values.Problems.Add($"{name} is set, but {Authority} is not: no token would be taken. Set it, or take this away.");
            return null;
        }

        if (!requiresKey)
            values.Problems.Add(
                $"{Authority} is set, and CERTCTL_AUTH_TYPE is none: tokens would count for nothing. Take one of them away.");
        var isUrl = Uri.TryCreate(authority, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0;
        if (!isUrl)
            values.RejectUrl(Authority, authority, "an https URL without user name, query and fragment");
        return new OidcOptions(
            isUrl ? url! : new Uri("https://invalid"),
            values.Required(Audience, "what aud of a token must hold; tokens for other services of the same issuer are not for this one") ?? "",
            values.Text(Prefix + "ROLE_CLAIM") ?? "roles",
            ReadRoles(values),
            values.Text(Prefix + "NAME_CLAIM") ?? "sub",
            values.Text(Prefix + "CA_PATH"));
    }

    private static Dictionary<string, ApiRole> ReadRoles(SettingValues values)
    {
        var roles = new Dictionary<string, ApiRole>(StringComparer.Ordinal);
        if (values.Required(RoleMap, "which value of the role claim is which role here, such as pki-admins=admin,helpdesk=operator") is null)
            return roles;
        foreach (var entry in values.List(RoleMap))
        {
            var at = entry.LastIndexOf('=');
            if (at <= 0 || ApiKeysReader.Role(entry[(at + 1)..]) is not { } role)
                values.Reject(RoleMap, entry, "value=role, with role one of admin, operator, auditor");
            else if (!roles.TryAdd(entry[..at], role))
                values.Problems.Add($"{RoleMap}: {entry[..at]} is given twice.");
        }

        return roles;
    }
}
