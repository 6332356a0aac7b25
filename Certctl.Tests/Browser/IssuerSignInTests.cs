using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Infrastructure.Compliance;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>Sign-in by an OpenID Connect issuer, which is a real HTTPS server here.</summary>
[Collection(PagesCollection.Name)]
public sealed class IssuerSignInTests(PagesServer pages, PostgresFixture postgres)
    : IClassFixture<PostgresFixture>, IAsyncLifetime, IDisposable
{
    private const string Admin = "admin-key-0123456789abcdef0123456789";

    private readonly TemporaryFolder _folder = new();
    private TestIssuer? _issuer;
    private CertctlHost? _host;

    private TestIssuer Issuer => _issuer!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        await File.WriteAllTextAsync(_folder["roots.pem"], ComplianceStub.Ca.Pem);
        await File.WriteAllTextAsync(_folder["secret"], _issuer.Secret);
        _host = await CertctlHost.StartAsync(
            null,
            [("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin"), .. _issuer.Settings(_folder["roots.pem"], _folder["secret"])]);
    }

    public async Task DisposeAsync()
    {
        await _host!.DisposeAsync();
        await _issuer!.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_person_of_the_issuer_comes_to_the_page_that_was_asked_for_with_the_role_of_the_map()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await pages.OpenAsync();
        await open.Page.GotoAsync($"{_host!.Url}ui/certificates?status=Active");
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in at localhost" }).ClickAsync();
        await open.SeesAsync("oidc:mona · operator");
        await open.IsAtAsync("/ui/certificates?status=Active");
        Assert.Empty(open.Complaints);
        var cookies = await open.Page.Context.CookiesAsync();
        Assert.Equal(SameSiteAttribute.Strict, cookies.Single(cookie => cookie.Name == "__Secure-certctl-session").SameSite);
        Assert.DoesNotContain(cookies, cookie => cookie.Name.Contains("oidc", StringComparison.Ordinal));

        var asked = Assert.Single(Issuer.Asked);
        Assert.Equal(
            ("code", "S256", "openid profile", $"{_host.Url}ui/oidc/callback"),
            (asked["response_type"], asked["code_challenge_method"], asked["scope"], asked["redirect_uri"]));
        var opened = (await AuditAsync("action=session_opened"))[0];
        Assert.Equal("oidc:mona", opened.GetProperty("actor").GetString());
        Assert.Matches("role operator, until [^\"]+, by OpenID Connect", opened.GetRawText());
        foreach (var part in Assert.Single(Issuer.Tokens).Split('.'))
            Assert.DoesNotContain(part, _host.Log, StringComparison.Ordinal);

        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await open.Page.GetByLabel("API key").WaitForAsync();
    }

    [Fact]
    public async Task Who_has_no_role_who_was_refused_there_and_whose_token_is_not_for_these_pages_is_not_signed_in_and_reads_why()
    {
        Issuer.Group = "guests";
        await RefusedAsync("role", 403, "oidc:mona has no role here");
        Issuer.Group = "pki-admins";

        Issuer.Error = "access_denied";
        await RefusedAsync("issuer", 401, "OpenID Connect: the issuer says access_denied");
        Issuer.Error = null;

        foreach (var (why, bend) in new (string, Action<System.Text.Json.Nodes.JsonObject>)[]
        {
            ("Token is for another audience", claims => claims["aud"] = "certctl"),
            ("Token is of another issuer", claims => claims["iss"] = "https://evil.example"),
            ("Token has expired", claims => claims["exp"] = DateTimeOffset.UtcNow.AddMinutes(-2).ToUnixTimeSeconds()),
            ("Invalid token", claims => claims["nonce"] = "of another sign-in"),
            ("Invalid token", claims => claims.Remove("nonce")),
            ("Token has no claim sub that could name an actor", claims => claims["sub"] = "two\nlines"),
        })
        {
            Issuer.Bend = bend;
            await RefusedAsync("issuer", 401, $"OpenID Connect: {why}");
        }

        Issuer.Bend = _ => { };
        using (var stranger = RSA.Create(2048))
        {
            (var own, Issuer.Signing) = (Issuer.Signing, stranger);
            await RefusedAsync("issuer", 401, "OpenID Connect: Token is not signed by its issuer");
            Issuer.Signing = own;
        }

        Issuer.Secret = "another-secret-0123456789";
        await RefusedAsync("issuer", 401, "OpenID Connect: Invalid token");

        // The new secret counts after a reload, and a key that was not there before at its first token.
        await File.WriteAllTextAsync(_folder["secret"], Issuer.Secret);
        await _host!.SignalAsync("HUP");
        await _host.LoggedAsync("Reloaded");
        Issuer.KeyName = "second";
        Issuer.Published = Issuer.Signing = RSA.Create(2048);
        using var http = Client();
        using var done = await http.GetAsync(await CallbackAsync(http));
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Contains($"0;url=/ui/scep", await done.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // An answer to what another browser began.
        using var stolen = Client();
        await AssertRefusedAsync(await stolen.GetAsync(await CallbackAsync(http)), "issuer");
        Assert.DoesNotContain("stranger wrote", await TrailAsync() + _host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issuer_that_cannot_be_reached_signs_nobody_in_and_keys_go_on()
    {
        using var http = Client();
        var callback = await CallbackAsync(http);
        Issuer.IsDown = true;
        await AssertRefusedAsync(await http.GetAsync(callback), "issuer-unavailable");
        await _host!.LoggedAsync("Sign-in at the OpenID Connect issuer failed: The OpenID Connect issuer answers 500.");

        await using var other = await CertctlHost.StartAsync(
            null, [("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin"), .. Issuer.Settings(_folder["roots.pem"], _folder["secret"])]);
        using var begun = await http.GetAsync(new Uri(other.Url, "/ui/oidc?return=/ui/scep"));
        Assert.Equal("/ui/sign-in?problem=issuer-unavailable&return=%2Fui%2Fscep", begun.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_sign_in_that_one_process_began_is_ended_by_another()
    {
        if (!postgres.IsAvailable)
            return;
        await using var first = await CertctlHost.StartAsync(
            await postgres.CreateDatabaseAsync(migrated: true), [.. Issuer.Settings(_folder["roots.pem"], _folder["secret"])]);
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var http = Client(first);
        var callback = new UriBuilder(await CallbackAsync(http, first)) { Port = second.Url.Port }.Uri;
        using var done = await http.GetAsync(callback);
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        using var page = await http.GetAsync(new Uri(first.Url, "/ui/scep"));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    private async Task RefusedAsync(string problem, int status, string why)
    {
        using var http = Client();
        await AssertRefusedAsync(await http.GetAsync(await CallbackAsync(http)), problem);
        await _host!.LoggedAsync($": {why}, request");

        // Auditors see each kind, but not each of a flood.
        Assert.Contains(status == 403 ? "\"forbidden\"" : "\"unauthenticated\"", await TrailAsync(), StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string problem)
    {
        using (answer)
        {
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            Assert.StartsWith($"/ui/sign-in?problem={problem}&", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
            var set = answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [];
            Assert.DoesNotContain(set, cookie => cookie.StartsWith("__Secure-certctl-session", StringComparison.Ordinal));
            await answer.Content.ReadAsStringAsync();
        }
    }

    // Where the issuer sends the browser back to.
    private async Task<Uri> CallbackAsync(HttpClient http, CertctlHost? host = null)
    {
        using var begun = await http.GetAsync(new Uri((host ?? _host!).Url, "/ui/oidc?return=/ui/scep"));
        Assert.Equal(HttpStatusCode.Found, begun.StatusCode);
        using var authorized = await http.GetAsync(begun.Headers.Location);
        return authorized.Headers.Location!;
    }

    private async Task<JsonElement[]> AuditAsync(string query)
    {
        using var http = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host!.Url, "/api/v1/audit?" + query));
        request.Headers.Authorization = new("Bearer", Admin);
        using var answer = await http.SendAsync(request);
        return [.. JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("data").EnumerateArray()];
    }

    private async Task<string> TrailAsync() => string.Join('\n', (await AuditAsync("action=api_access")).Select(row => row.GetRawText()));

    // A browser without pages: it keeps cookies, and follows nothing by itself.
    private HttpClient Client(CertctlHost? host = null) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        CookieContainer = new CookieContainer(),
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore =
                {
                    X509CertificateLoader.LoadCertificateFromFile((host ?? _host!).CaFile),
                    X509CertificateLoader.LoadCertificateFromFile(_host!.CaFile),
                    ComplianceStub.Ca.Certificate,
                },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    });
}
