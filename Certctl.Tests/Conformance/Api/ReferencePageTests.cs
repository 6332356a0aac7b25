using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>The reference page: for who has a key, which a browser may show as a password here and nowhere else.</summary>
public sealed partial class ReferencePageTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Page = "/openapi/reference/";
    private const string Script = "/openapi/reference/scalar.js";
    private const string Document = "/openapi/v1.json";

    [Theory]
    [InlineData(Page)]
    [InlineData(Script)]
    [InlineData(Document)]
    public async Task Who_shows_no_key_is_told_how_to_and_gets_nothing(string path)
    {
        foreach (var (header, message) in new[]
        {
            (null, "Authorization header required"),
            ("Basic " + Base64("aud:not-a-key-not-a-key"), "Invalid API key"),
            ("Basic " + Base64($"{ApiServer.Auditor}:"), "Invalid API key"),
            ("Basic " + Base64(ApiServer.Auditor), "Invalid Authorization header format, expected: Bearer <token>"),
            ("Basic !", "Invalid Authorization header format, expected: Bearer <token>"),
        })
        {
            using var answer = await SendAsync(path, header);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal(
                ["Bearer realm=\"certctl\"", "Basic realm=\"certctl\", charset=\"UTF-8\""],
                answer.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()));
            Assert.Contains(
                "\"detail\":\""
                    + message.Replace("<", "\\u003C", StringComparison.Ordinal).Replace(">", "\\u003E", StringComparison.Ordinal)
                    + "\"",
                text,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Page)]
    [InlineData(Script)]
    [InlineData(Document)]
    public async Task A_key_comes_in_as_Bearer_and_as_the_password_of_any_name(string path)
    {
        foreach (var header in new[]
        {
            $"Bearer {ApiServer.Auditor}",
            "Basic " + Base64($":{ApiServer.Auditor}"),
            "basic " + Base64($"ä:{ApiServer.Auditor}"),
        })
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(path, header)).StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/auth/check")]
    [InlineData("/api/v1/audit")]
    public async Task Nowhere_else_is_a_password_taken(string path)
    {
        using var answer = await SendAsync(path, "Basic " + Base64($"aud:{ApiServer.Auditor}"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer realm=\"certctl\"", Assert.Single(answer.Headers.WwwAuthenticate).ToString());
    }

    [Fact]
    public async Task Scripts_run_by_the_nonce_of_the_answer_alone_and_nothing_comes_from_elsewhere()
    {
        var nonces = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await SendAsync(Page, $"Bearer {ApiServer.Auditor}");
            var html = await answer.Content.ReadAsStringAsync();
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            var nonce = Nonce().Match(policy).Groups[1].Value;
            Assert.True(nonces.Add(nonce) && nonce.Length == 32);
            Assert.Equal(html.Split("<script").Length, html.Split($"nonce=\"{nonce}\"").Length);
            Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("//cdn", html, StringComparison.OrdinalIgnoreCase);
            Assert.True(answer.Headers.CacheControl?.NoStore);
            Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
        }
    }

    private static string Base64(string pair) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));

    private async Task<HttpResponseMessage> SendAsync(string path, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, path));
        if (header is not null)
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(header);
        return await server.Http.SendAsync(request);
    }

    [GeneratedRegex("'nonce-([0-9a-f]+)'")]
    private static partial Regex Nonce();
}
