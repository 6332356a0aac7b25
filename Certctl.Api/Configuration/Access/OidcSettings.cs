using System.Diagnostics.CodeAnalysis;
using Certctl.Application.Admin;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration.Access;

/// <summary>Whose OpenID Connect tokens are taken at the REST API.</summary>
/// <param name="Authority">The issuer; its metadata is below it (OpenID Connect Discovery 1.0 §4).</param>
/// <param name="Audience">What <c>aud</c> must hold.</param>
/// <param name="RoleClaim">The claim whose values <paramref name="RoleMap"/> knows.</param>
/// <param name="RoleMap">Of several the highest role counts; a token with none of them has no role here.</param>
/// <param name="NameClaim">The claim that names the actor.</param>
/// <param name="CaPath">PEM: the roots of the issuer's TLS certificate; null: those of this machine.</param>
public sealed record OidcOptions(
    Uri Authority, string Audience, string RoleClaim, IReadOnlyDictionary<string, ApiRole> RoleMap, string NameClaim, string? CaPath)
{
    /// <summary>Null: the pages take keys alone.</summary>
    public OidcClientOptions? Client { get; init; }
}

/// <summary>How people sign in to the pages (OpenID Connect Core 1.0 §3.1).</summary>
/// <param name="Id">Whom <c>aud</c> of an ID token must name.</param>
/// <param name="Secret">Null: a public client, which PKCE alone protects.</param>
/// <param name="Scopes">With <c>openid</c> among them.</param>
public sealed record OidcClientOptions(string Id, Secret? Secret, IReadOnlyList<string> Scopes);

/// <summary>The issuer of tokens: named whole, or not at all.</summary>
internal static class OidcSettings
{
    private static readonly SettingType<Uri> Issuer =
        new("an https URL without user name, query and fragment", "https URL", ParseIssuer, url => url.OriginalString);

    private static readonly SettingType<IReadOnlyDictionary<string, ApiRole>> Roles = new(
        "value=role", "list: `value=role`", ParseRoles, roles => string.Join(',', roles.Select(role => $"{role.Key}={role.Value}")));

    private const string OpenId = "openid";

    public static readonly SettingGroup Group = new();

    public static readonly Setting<Uri> Authority = Group.Add(
        "CERTCTL_OIDC_AUTHORITY", Issuer, "An OpenID Connect issuer whose bearer tokens are taken at the REST API beside the keys.");

    public static readonly Setting<string> Audience = Group.Add(
        "CERTCTL_OIDC_AUDIENCE", SettingType.Text, "Required with `CERTCTL_OIDC_AUTHORITY`. What `aud` of a token must hold.");

    public static readonly Setting<IReadOnlyDictionary<string, ApiRole>> RoleMap = Group.Add(
        "CERTCTL_OIDC_ROLE_MAP", Roles,
        "Required with `CERTCTL_OIDC_AUTHORITY`. Which value of the role claim is `admin`, `operator` or `auditor`. Of several the "
        + "highest counts; a token with none of them is refused.");

    public static readonly DefaultedSetting<string> RoleClaim =
        Group.Add("CERTCTL_OIDC_ROLE_CLAIM", SettingType.Text, "roles", "The claim that holds those values, one or many.");

    public static readonly DefaultedSetting<string> NameClaim = Group.Add(
        "CERTCTL_OIDC_NAME_CLAIM", SettingType.Text, "sub",
        "The claim that names the actor; `oidc:` stands before it in the audit trail.");

    public static readonly Setting<string> CaPath = Group.Add(
        "CERTCTL_OIDC_CA_PATH", SettingType.Text,
        "PEM: the roots that the issuer's TLS certificate must lead to, instead of those of this machine. Read again on SIGHUP.");

    public static readonly Setting<string> ClientId = Group.Add(
        "CERTCTL_OIDC_CLIENT_ID", SettingType.Text,
        "As whom the pages are known to the issuer; with it people sign in there (code flow with PKCE) as well as by a key. Its redirect "
        + "URI is `https://HOST/ui/oidc/callback`.");

    public static readonly SecretSetting ClientSecret = Group.AddSecret(
        "CERTCTL_OIDC_CLIENT_SECRET", "The secret of that client; without it the client is a public one. Read again on SIGHUP.");

    public static readonly DefaultedSetting<IReadOnlyList<string>> Scopes = Group.Add<IReadOnlyList<string>>(
        "CERTCTL_OIDC_SCOPES", SettingType.List(SettingType.Text), [OpenId, "profile"],
        "What the pages ask the issuer for; `openid` must be among it. Role and name are read from the ID token.");

    /// <summary>Null: no tokens are taken.</summary>
    /// <param name="requiresKey">False: all are admins, and a token would count for nothing.</param>
    public static OidcOptions? Read(SettingValues values, bool requiresKey)
    {
        if (!values.IsSet(Authority))
        {
            foreach (var setting in Group.Settings.Where(values.IsSet))
            {
                values.Problems.Add(
                    $"{setting.Name} is set, but {Authority.Name} is not: no token would be taken. Set it, or take this away.");
            }

            return null;
        }

        if (!requiresKey)
        {
            values.Problems.Add(
                $"{Authority.Name} is set, and {ApiSettings.RequiresKey.Name} is none: tokens would count for nothing. "
                + "Take one of them away.");
        }

        return new OidcOptions(
            values.Read(Authority) ?? new Uri("https://invalid"),
            values.Required(Audience, "what aud of a token must hold; tokens for other services of the same issuer are not for this one"),
            values.Read(RoleClaim),
            ReadRoles(values),
            values.Read(NameClaim),
            values.Read(CaPath))
        {
            Client = ReadClient(values),
        };
    }

    private static OidcClientOptions? ReadClient(SettingValues values)
    {
        var (id, secret, scopes) = (values.Read(ClientId), values.Read(ClientSecret), values.Read(Scopes));
        if (!scopes.Contains(OpenId))
            values.Problems.Add($"{Scopes.Name} lacks {OpenId}: without it the issuer sends no ID token. Add it.");
        if (id is not null)
            return new OidcClientOptions(id, secret, scopes);
        foreach (var setting in new Setting[] { ClientSecret, Scopes }.Where(values.IsSet))
        {
            values.Problems.Add(
                $"{setting.Name} is set, but {ClientId.Name} is not: it would have no effect. Set it, or take this away.");
        }

        return null;
    }

    private static IReadOnlyDictionary<string, ApiRole> ReadRoles(SettingValues values)
    {
        if (!values.IsSet(RoleMap))
        {
            values.Problems.Add(
                $"{RoleMap.Name} is not set: which value of the role claim is which role here, "
                + "such as pki-admins=admin,helpdesk=operator.");
        }

        return values.Read(RoleMap) ?? new Dictionary<string, ApiRole>();
    }

    private static bool ParseIssuer(string text, ICollection<string> problems, [MaybeNullWhen(false)] out Uri value)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out value) && value.Scheme == Uri.UriSchemeHttps
            && value.UserInfo.Length == 0 && value.Query.Length == 0 && value.Fragment.Length == 0)
        {
            return true;
        }

        problems.Add(SettingType.NotAUrl(text, Issuer.ShouldBe));
        return false;
    }

    private static bool ParseRoles(
        string text, ICollection<string> problems, [MaybeNullWhen(false)] out IReadOnlyDictionary<string, ApiRole> value)
    {
        var roles = new Dictionary<string, ApiRole>(StringComparer.Ordinal);
        foreach (var entry in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = entry.LastIndexOf('=');
            if (at <= 0 || ApiSettings.RoleOf(entry[(at + 1)..]) is not { } role)
                problems.Add(SettingType.NotA(entry, "value=role, with role one of admin, operator, auditor"));
            else if (!roles.TryAdd(entry[..at], role))
                problems.Add($": {entry[..at]} is given twice.");
        }

        value = roles;
        return true;
    }
}
