using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.IdentityModel.Tokens;

namespace Certctl.Tests.Browser;

/// <summary>An OpenID Connect issuer on a real HTTPS listener that signs everybody in without a question; its tokens are written by hand.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    public const string Client = "certctl-pages";

    private readonly ConcurrentDictionary<string, NameValueCollection> _codes = new();
    private ComplianceStub? _server;

    public string Url => $"https://localhost:{_server!.Url.Port}";

    /// <summary>What a client must show; null: a public client.</summary>
    public volatile string? Secret = "first-secret-0123456789";

    /// <summary>Of who signs in.</summary>
    public volatile string Group = "helpdesk";

    /// <summary>In place of a code.</summary>
    public volatile string? Error;

    public volatile bool IsDown;

    /// <summary>Changes the claims of the next tokens.</summary>
    public Action<JsonObject> Bend { get; set; } = _ => { };

    public RSA Published { get; set; } = RSA.Create(2048);

    public RSA Signing { get; set; }

    /// <summary>Of the published and of the signing key.</summary>
    public volatile string KeyName = "first";

    public ConcurrentQueue<NameValueCollection> Asked { get; } = new();

    public ConcurrentQueue<string> Tokens { get; } = new();

    private TestIssuer() => Signing = Published;

    public static async Task<TestIssuer> StartAsync()
    {
        var issuer = new TestIssuer();
        issuer._server = await ComplianceStub.StartAsync(issuer.AnswerAsync, protocols: HttpProtocols.Http1, asksForCertificate: false);
        return issuer;
    }

    public IEnumerable<(string Name, string Value)> Settings(string caPath, string secretPath)
    {
        yield return ("CERTCTL_OIDC_AUTHORITY", Url);
        yield return ("CERTCTL_OIDC_AUDIENCE", "certctl");
        yield return ("CERTCTL_OIDC_ROLE_MAP", "pki-admins=admin,helpdesk=operator");
        yield return ("CERTCTL_OIDC_CA_PATH", caPath);
        yield return ("CERTCTL_OIDC_CLIENT_ID", Client);
        yield return ("CERTCTL_OIDC_CLIENT_SECRET_FILE", secretPath);
    }

    public ValueTask DisposeAsync()
    {
        Published.Dispose();
        Signing.Dispose();
        return _server!.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext http)
    {
        if (IsDown)
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        }

        switch (http.Request.Path.Value)
        {
            case "/.well-known/openid-configuration":
                return http.Response.WriteAsJsonAsync(new
                {
                    issuer = Url,
                    jwks_uri = $"{Url}/keys",
                    authorization_endpoint = $"{Url}/authorize",
                    token_endpoint = $"{Url}/token",
                });
            case "/keys":
                var key = Published.ExportParameters(false);
                return http.Response.WriteAsJsonAsync(new
                {
                    keys = new[] { new { kty = "RSA", kid = KeyName, use = "sig", n = Text(key.Modulus!), e = Text(key.Exponent!) } },
                });
            case "/authorize":
                Authorize(http);
                return Task.CompletedTask;
            default:
                return TokenAsync(http);
        }
    }

    private void Authorize(HttpContext http)
    {
        var query = HttpUtility.ParseQueryString(http.Request.QueryString.Value!);
        Asked.Enqueue(query);
        var code = Guid.NewGuid().ToString();
        _codes[code] = query;
        var answer = Error is null ? $"code={code}" : $"error={Error}&error_description=what+a+stranger+wrote";
        http.Response.Redirect($"{query["redirect_uri"]}?{answer}&state={Uri.EscapeDataString(query["state"]!)}");
    }

    private Task TokenAsync(HttpContext http)
    {
        var form = HttpUtility.ParseQueryString(_server!.Seen.Last(seen => seen.Body.StartsWith("client_id", StringComparison.Ordinal)
            || seen.Body.Contains("grant_type", StringComparison.Ordinal)).Body);
        if (!_codes.TryRemove(form["code"] ?? "", out var asked)
            || Text(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"] ?? ""))) != asked["code_challenge"]
            || asked["code_challenge_method"] != "S256" || form["redirect_uri"] != asked["redirect_uri"]
            || form["client_id"] != Client || form["client_secret"] != Secret)
        {
            http.Response.StatusCode = 400;
            return http.Response.WriteAsJsonAsync(new { error = "invalid_grant" });
        }

        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["aud"] = Client,
            ["sub"] = "mona",
            ["nonce"] = asked["nonce"],
            ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["exp"] = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds(),
            ["roles"] = new JsonArray(Group),
        };
        Bend(claims);
        var signed = $"{Text(Encoding.UTF8.GetBytes($$"""{"alg":"RS256","kid":"{{KeyName}}"}"""))}.{Text(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var signature = Signing.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var token = $"{signed}.{Text(signature)}";
        Tokens.Enqueue(token);
        return http.Response.WriteAsJsonAsync(new { id_token = token, access_token = "an access token", token_type = "Bearer" });
    }

    private static string Text(byte[] octets) => Base64UrlEncoder.Encode(octets);
}
