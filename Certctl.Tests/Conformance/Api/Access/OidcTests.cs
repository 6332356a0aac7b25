using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>Tokens of an OpenID Connect issuer, which is a real HTTPS server here; they are written by hand.</summary>
public sealed class OidcTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private ComplianceStub? _issuer;
    private CertctlHost? _host;
    private HttpClient? _http;
    private volatile bool _isDown = true;
    private volatile RSA? _next;
    private volatile string _nextName = "next";

    private string Issuer => $"https://localhost:{_issuer!.Url.Port}";

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder["roots.pem"], ComplianceStub.Ca.Pem);
        _issuer = await ComplianceStub.StartAsync(AnswerAsync);
        await StartHostAsync("sub");
    }

    public async Task DisposeAsync()
    {
        await StopHostAsync();
        await _issuer!.DisposeAsync();
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_token_of_the_issuer_comes_in_with_the_role_of_its_groups_and_any_other_is_refused_with_the_reason()
    {
        // The issuer cannot be asked: nothing can be said about a token, and keys go on.
        var good = Claims("helpdesk", "unknown", "revision");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await CheckAsync(Signed(good))).Status);
        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(ApiServer.Admin)).Status);
        _isDown = false;

        var operated = await CheckAsync(Signed(good));
        Assert.Equal((HttpStatusCode.OK, "oidc:mona", "operator"), (operated.Status, operated.Text("user"), operated.Text("role")));
        Assert.Equal("admin", (await CheckAsync(Signed(Claims("revision", "pki-admins"), ec: true))).Text("role"));
        good["roles"] = "revision";
        Assert.Equal("auditor", (await CheckAsync(Signed(good))).Text("role"));
        Assert.Equal((HttpStatusCode.Forbidden, "Admin access required"), await RefusedAsync(Signed(good), "/api/v1/api-keys"));

        Assert.Equal((HttpStatusCode.Forbidden, "This actor has no role here"), await RefusedAsync(Signed(Claims("unknown"))));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token is for another audience"), await RefusedAsync(Signed(With(good, "aud", "billing"))));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token is of another issuer"),
            await RefusedAsync(Signed(With(good, "iss", "https://evil.example"))));
        Assert.Equal((HttpStatusCode.Unauthorized, "Token has expired"), await RefusedAsync(Signed(With(good, "exp", Now(-90)))));
        Assert.Equal((HttpStatusCode.Unauthorized, "Token is not valid yet"), await RefusedAsync(Signed(With(good, "nbf", Now(90)))));
        Assert.Equal((HttpStatusCode.Unauthorized, "Token has no end"), await RefusedAsync(Signed(With(good, "exp", null))));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token has no claim sub that could name an actor"),
            await RefusedAsync(Signed(With(good, "sub", null))));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token has no claim sub that could name an actor"),
            await RefusedAsync(Signed(With(good, "sub", "two\nlines"))));

        // Whose signature it is: another's key under the issuer's kid, a changed claim, none, and the public key as a secret.
        const string NotHis = "Token is not signed by its issuer";
        using var other = RSA.Create(2048);
        var token = Signed(good);
        var admin = Signed(Claims("pki-admins"));
        foreach (var forged in new[]
        {
            Token("RS256", "rsa", good, other),
            $"{token.Split('.')[0]}.{admin.Split('.')[1]}.{token.Split('.')[2]}",
            Token("HS256", "rsa", good, data => HMACSHA256.HashData(_rsa.ExportSubjectPublicKeyInfo(), data)),
            Token("HS256", "rsa", good, data => HMACSHA256.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), data)),
            Token("RS256", "unknown", good, other),
        })
        {
            Assert.Equal((HttpStatusCode.Unauthorized, NotHis), await RefusedAsync(forged));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await CheckAsync(Token("none", "rsa", good, _ => []))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await CheckAsync("eyJ.eyJ.eyJ")).Status);

        // Who did it stands in the trail, and no token does.
        var trail = await TextAsync("/api/v1/audit?action=api_access&per_page=500", Signed(Claims("pki-admins")));
        Assert.Contains("\"actor\":\"oidc:mona\"", trail, StringComparison.Ordinal);
        Assert.Contains("Token is for another audience", trail, StringComparison.Ordinal);
        foreach (var part in token.Split('.'))
            Assert.DoesNotContain(part, trail + _host!.Log, StringComparison.Ordinal);
        Assert.Equal(
            Issuer + "/",
            JsonDocument.Parse(await TextAsync("/api/v1/auth/info", null)).RootElement.GetProperty("oidc_authority").GetString());

        // A device that shows a token is a device.
        Assert.Contains("POSTPKIOperation", await TextAsync("/scep?operation=GetCACaps", token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_counts_at_its_first_token_whatever_strangers_sent_before_and_the_withdrawn_one_is_refused_from_then_on()
    {
        _isDown = false;
        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(Signed(Claims("helpdesk")))).Status);
        using var next = RSA.Create(2048);
        var strangers = Enumerable.Range(0, 8).Select(n => CheckAsync(Token("RS256", $"unknown-{n}", Claims("pki-admins"), next))).ToList();
        Assert.All(await Task.WhenAll(strangers), answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.Status));
        _next = next;

        Assert.Equal("operator", (await CheckAsync(Token("RS256", "next", Claims("helpdesk"), next))).Text("role"));
        Assert.Equal((HttpStatusCode.Unauthorized, "Token is not signed by its issuer"), await RefusedAsync(Signed(Claims("helpdesk"))));
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token is not signed by its issuer"),
            await RefusedAsync(Token("RS256", "next", Claims("helpdesk"), _rsa)));
    }

    [Fact]
    public async Task A_key_that_is_replaced_under_its_old_name_is_read_anew_after_the_first_signature_that_fails()
    {
        _isDown = false;
        Assert.Equal(HttpStatusCode.OK, (await CheckAsync(Signed(Claims("helpdesk")))).Status);
        using var next = RSA.Create(2048);
        _nextName = "rsa";
        _next = next;

        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await CheckAsync(Token("RS256", "rsa", Claims("helpdesk"), next))).Status == HttpStatusCode.Unauthorized)
            await Task.Delay(100, bound.Token);
        Assert.Equal((HttpStatusCode.Unauthorized, "Token is not signed by its issuer"), await RefusedAsync(Signed(Claims("helpdesk"))));
    }

    [Fact]
    public async Task The_subject_of_a_token_is_one_person_with_the_keys_that_it_made_and_another_subject_is_another()
    {
        _isDown = false;
        var mona = Signed(Claims("pki-admins"));
        var made = await JsonAsync(HttpMethod.Post, "/api/v1/api-keys", mona, new { name = "monas-script", role = "operator" });
        var key = made.GetProperty("key").GetString()!;
        var row = Assert.Single((await JsonAsync(HttpMethod.Get, "/api/v1/api-keys", mona)).GetProperty("data").EnumerateArray());
        Assert.Equal(("oidc:mona", "oidc:mona"), (row.GetProperty("created_by").GetString(), row.GetProperty("principal").GetString()));
        var id = await WaitingAsync(approvals: 3);

        Assert.Contains("1 of 3", await DecideAsync(id, key), StringComparison.Ordinal);
        Assert.Contains("oidc:mona answers for both", await DecideAsync(id, mona), StringComparison.Ordinal);
        Assert.Contains("2 of 3", await DecideAsync(id, Signed(With(Claims("helpdesk"), "sub", "olaf"))), StringComparison.Ordinal);

        // Another token, and another role, of the same subject.
        var again = await DecideAsync(id, Signed(With(Claims("pki-admins"), "sub", "OLAF")));
        Assert.Contains("has decided about this request before", again, StringComparison.Ordinal);
        Assert.Contains("3 of 3", await DecideAsync(id, ApiServer.Admin), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_subject_under_two_names_is_one_person()
    {
        _isDown = false;
        await StopHostAsync();
        await StartHostAsync("preferred_username");
        var id = await WaitingAsync(approvals: 2);
        var claims = Claims("pki-admins");

        Assert.Contains("1 of 2", await DecideAsync(id, Signed(With(claims, "preferred_username", "Mona"))), StringComparison.Ordinal);
        Assert.Contains(
            "oidc:mona answers for both",
            await DecideAsync(id, Signed(With(claims, "preferred_username", "Lisa"))),
            StringComparison.Ordinal);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token has no claim sub that could name an actor"),
            await RefusedAsync(Signed(With(With(claims, "preferred_username", "Mona"), "sub", null))));
    }

    private async Task StartHostAsync(string nameClaim)
    {
        _host = await CertctlHost.StartAsync(
            null,
            ("CERTCTL_API_KEYS_NAMED", $"alice:{ApiServer.Admin}:admin"),
            ("CERTCTL_OIDC_AUTHORITY", Issuer),
            ("CERTCTL_OIDC_AUDIENCE", "certctl"),
            ("CERTCTL_OIDC_NAME_CLAIM", nameClaim),
            ("CERTCTL_OIDC_ROLE_MAP", "pki-admins=admin,helpdesk=operator,revision=auditor"),
            ("CERTCTL_OIDC_CA_PATH", _folder["roots.pem"]));
        _http = ScepWire.NewClient(_host.CaFile);
    }

    private async Task StopHostAsync()
    {
        _http?.Dispose();
        await _host!.DisposeAsync();
    }

    private async Task<string> WaitingAsync(int approvals)
    {
        var profile = JsonNode.Parse((await JsonAsync(HttpMethod.Get, "/api/v1/profiles/default", ApiServer.Admin)).GetRawText())!
            .AsObject();
        (profile["requires_approval"], profile["approvals_required"]) = (true, approvals);
        await JsonAsync(HttpMethod.Put, "/api/v1/profiles/default", ApiServer.Admin, profile);
        using var wire = _host!.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=several people", _host.Challenge), device)).Build())).MustWait(
            "TX-1");
        var queue = await JsonAsync(HttpMethod.Get, "/api/v1/approvals", ApiServer.Admin);
        return Assert.Single(queue.GetProperty("data").EnumerateArray()).GetProperty("id").GetString()!;
    }

    private async Task<string> DecideAsync(string id, string token) =>
        (await JsonAsync(HttpMethod.Post, $"/api/v1/approvals/{id}/approve", token)).GetProperty("message").GetString()!;

    private async Task<JsonElement> JsonAsync(HttpMethod method, string path, string token, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_host!.Url, path));
        request.Content = body is null ? null : ApiServer.Json(body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (method == HttpMethod.Put)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        using var answer = await _http!.SendAsync(request);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    [Theory]
    [InlineData("""["exp"]""")]
    [InlineData("""["b64"]""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"exp\"")]
    public async Task A_token_with_crit_is_refused_whatever_it_names(string crit)
    {
        _isDown = false;
        var header = Text(Encoding.UTF8.GetBytes($$"""{"alg":"RS256","kid":"rsa","crit":{{crit}}}"""));
        var signed = $"{header}.{Text(Encoding.UTF8.GetBytes(Claims("helpdesk").ToJsonString()))}";
        var token = $"{signed}.{Text(_rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";

        Assert.Equal(
            (HttpStatusCode.Unauthorized, "Token has critical header parameters (crit) that are not understood here"),
            await RefusedAsync(token));
    }

    private Task AnswerAsync(HttpContext http)
    {
        if (_isDown)
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        }

        if (http.Request.Path == "/.well-known/openid-configuration")
            return http.Response.WriteAsJsonAsync(
                new { issuer = Issuer, jwks_uri = $"{Issuer}/keys", id_token_signing_alg_values_supported = new[] { "RS256", "ES256" } });
        var (rsa, ec) = ((_next ?? _rsa).ExportParameters(false), _ec.ExportParameters(false));
        return http.Response.WriteAsJsonAsync(new
        {
            keys = new object[]
            {
                new { kty = "RSA", kid = _next is null ? "rsa" : _nextName, use = "sig", n = Text(rsa.Modulus!), e = Text(rsa.Exponent!) },
                new { kty = "EC", kid = "ec", use = "sig", crv = "P-256", x = Text(ec.Q.X!), y = Text(ec.Q.Y!) },
            },
        });
    }

    private JsonObject Claims(params string[] roles) => new()
    {
        ["iss"] = Issuer,
        ["aud"] = "certctl",
        ["sub"] = "mona",
        ["iat"] = Now(0),
        ["exp"] = Now(300),
        ["roles"] = new JsonArray([.. roles.Select(role => (JsonNode)role)]),
    };

    private static JsonObject With(JsonObject claims, string name, JsonNode? value)
    {
        var changed = claims.DeepClone().AsObject();
        changed.Remove(name);
        if (value is not null)
            changed[name] = value;
        return changed;
    }

    private static long Now(int seconds) => DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;

    private string Signed(JsonObject claims, bool ec = false) =>
        ec ? Token("ES256", "ec", claims, data => _ec.SignData(data, HashAlgorithmName.SHA256)) : Token("RS256", "rsa", claims, _rsa);

    private static string Token(string algorithm, string kid, JsonObject claims, RSA key) =>
        Token(algorithm, kid, claims, data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private static string Token(string algorithm, string kid, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var head = $"{Text(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = kid }.ToJsonString()))}."
            + $"{Text(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{head}.{Text(sign(Encoding.ASCII.GetBytes(head)))}";
    }

    private static string Text(byte[] octets) => Base64UrlEncoder.Encode(octets);

    private async Task<(HttpStatusCode Status, string Message)> RefusedAsync(string token, string path = "/api/v1/auth/check")
    {
        var answer = await CheckAsync(token, path);
        return (answer.Status, answer.Text("message"));
    }

    private async Task<Answer> CheckAsync(string token, string path = "/api/v1/auth/check")
    {
        using var answer = await SendAsync(path, token);
        return new Answer(answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    private async Task<string> TextAsync(string path, string? token) => await (await SendAsync(path, token)).Content.ReadAsStringAsync();

    private async Task<HttpResponseMessage> SendAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host!.Url, path));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http!.SendAsync(request);
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body)
    {
        public string Text(string name) => Body.GetProperty(name).GetString()!;
    }
}
