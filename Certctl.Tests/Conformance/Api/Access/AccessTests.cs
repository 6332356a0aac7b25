using System.Net;
using System.Net.Http.Headers;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>
/// Each route: without a key 401, with too small a role 403, with the right one an answer; other methods 405, other paths 404.
/// </summary>
public sealed class AccessTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string SomeId = "0199c7a0-0000-7000-8000-000000000000";

    /// <summary>Method, path, least role, the status that this role gets here, and a method that the path does not take.</summary>
    public static TheoryData<string, string, string, HttpStatusCode, string> Routes => new()
    {
        { "GET", "/api/v1/auth/check", "auditor", HttpStatusCode.OK, "POST" },
        { "GET", "/api/v1/api-keys", "admin", HttpStatusCode.OK, "PUT" },
        { "POST", "/api/v1/api-keys", "admin", HttpStatusCode.BadRequest, "PUT" },
        { "DELETE", $"/api/v1/api-keys/{SomeId}", "admin", HttpStatusCode.NotFound, "GET" },
        { "POST", "/api/v1/admin/reload", "admin", HttpStatusCode.OK, "GET" },
        { "GET", "/api/v1/admin/est/profiles", "admin", HttpStatusCode.OK, "POST" },
        { "POST", "/api/v1/admin/est/reload-trust", "admin", HttpStatusCode.NotFound, "GET" },
        { "GET", "/api/v1/admin/scep/profiles", "admin", HttpStatusCode.OK, "POST" },
        { "GET", "/api/v1/admin/scep/intune/stats", "admin", HttpStatusCode.OK, "DELETE" },
        { "POST", "/api/v1/admin/scep/intune/reload-trust", "admin", HttpStatusCode.OK, "GET" },
        { "GET", "/api/v1/approvals", "auditor", HttpStatusCode.OK, "PUT" },
        { "POST", $"/api/v1/approvals/{SomeId}/approve", "operator", HttpStatusCode.NotFound, "GET" },
        { "POST", $"/api/v1/approvals/{SomeId}/deny", "operator", HttpStatusCode.NotFound, "GET" },
        { "GET", "/api/v1/certificates", "auditor", HttpStatusCode.OK, "DELETE" },
        { "GET", $"/api/v1/certificates/{SomeId}", "auditor", HttpStatusCode.NotFound, "PUT" },
        { "GET", $"/api/v1/certificates/{SomeId}/download", "auditor", HttpStatusCode.NotFound, "POST" },
        { "POST", "/api/v1/certificates/bulk-revoke", "admin", HttpStatusCode.BadRequest, "DELETE" },
        { "POST", $"/api/v1/certificates/{SomeId}/revoke", "operator", HttpStatusCode.NotFound, "GET" },
        { "POST", $"/api/v1/certificates/{SomeId}/release", "operator", HttpStatusCode.NotFound, "GET" },
        { "GET", "/api/v1/jobs", "auditor", HttpStatusCode.OK, "POST" },
        { "GET", $"/api/v1/jobs/{SomeId}", "auditor", HttpStatusCode.NotFound, "DELETE" },
        { "POST", $"/api/v1/jobs/{SomeId}/cancel", "admin", HttpStatusCode.NotFound, "GET" },
        { "GET", "/api/v1/profiles", "auditor", HttpStatusCode.OK, "DELETE" },
        { "POST", "/api/v1/profiles", "admin", HttpStatusCode.BadRequest, "PUT" },
        { "GET", $"/api/v1/profiles/{SomeId}", "auditor", HttpStatusCode.NotFound, "POST" },
        { "PUT", $"/api/v1/profiles/{SomeId}", "admin", HttpStatusCode.PreconditionRequired, "PATCH" },
        { "DELETE", $"/api/v1/profiles/{SomeId}", "admin", HttpStatusCode.PreconditionRequired, "PATCH" },
        { "GET", "/api/v1/issuers", "auditor", HttpStatusCode.OK, "POST" },
        { "GET", $"/api/v1/issuers/{SomeId}", "auditor", HttpStatusCode.NotFound, "DELETE" },
        { "POST", $"/api/v1/issuers/{SomeId}/test", "operator", HttpStatusCode.NotFound, "GET" },
        { "GET", $"/api/v1/enrolments/{SomeId}", "auditor", HttpStatusCode.NotFound, "POST" },
        { "POST", "/api/v1/network-scan/scep-probe", "operator", HttpStatusCode.BadRequest, "GET" },
        { "GET", "/api/v1/network-scan/scep-probes", "auditor", HttpStatusCode.OK, "DELETE" },
        { "GET", "/api/v1/audit", "auditor", HttpStatusCode.OK, "DELETE" },
        { "GET", "/api/v1/audit/export", "auditor", HttpStatusCode.OK, "POST" },
        { "GET", $"/api/v1/audit/{SomeId}", "auditor", HttpStatusCode.NotFound, "POST" },
    };

    /// <summary>The path as the reference has it.</summary>
    internal static string Template(string path) => path.Split('?')[0]
        .Replace($"enrolments/{SomeId}", "enrolments/{transaction}", StringComparison.Ordinal)
        .Replace(SomeId, "{id}", StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("Conformance", "A-1")]
    [Trait("Conformance", "A-3")]
    [Trait("Conformance", "A-14")]
    [Trait("Conformance", "A-17")]
    public async Task A_route_is_for_who_has_a_key_of_its_role(
        string method, string path, string role, HttpStatusCode status, string otherMethod)
    {
        var verb = HttpMethod.Parse(method);
        Assert.Equal(
            "Authorization header required",
            (await server.SendAsync(verb, path, null, HttpStatusCode.Unauthorized)).GetProperty("message").GetString());
        Assert.Equal(
            "Invalid API key",
            (await server.SendAsync(verb, path, "not-a-key-not-a-key", HttpStatusCode.Unauthorized)).GetProperty("message").GetString());
        (string Role, string Key)[] keys = [("auditor", ApiServer.Auditor), ("operator", ApiServer.Operator), ("admin", ApiServer.Admin)];
        var least = Array.FindIndex(keys, key => key.Role == role);
        for (var i = 0; i < keys.Length; i++)
        {
            var answer = await server.SendAsync(
                verb, path, keys[i].Key, i < least ? HttpStatusCode.Forbidden : status, ApiServer.Empty(verb));
            if (i < least)
                Assert.Equal(
                    role == "admin" ? "Admin access required" : "Operator access required", answer.GetProperty("message").GetString());
        }

        await server.SendAsync(HttpMethod.Parse(otherMethod), path, ApiServer.Admin, HttpStatusCode.MethodNotAllowed);
        using var other = new HttpRequestMessage(HttpMethod.Parse(otherMethod), new Uri(server.Host.Url, path));
        using var refusal = await server.Http.SendAsync(other);
        Assert.Contains(method, refusal.Content.Headers.Allow);
    }

    [Fact]
    [Trait("Conformance", "A-13")]
    public async Task What_needs_no_key_says_only_how_to_come_in()
    {
        var info = await server.GetAsync("/api/v1/auth/info", key: null);
        Assert.Equal(("api-key", true), (info.GetProperty("auth_type").GetString(), info.GetProperty("required").GetBoolean()));
        Assert.NotEqual("", (await server.GetAsync("/api/v1/version", key: null)).GetProperty("version").GetString());
        await server.SendAsync(HttpMethod.Get, "/api/v1/nothing", null, HttpStatusCode.NotFound);
        await server.SendAsync(HttpMethod.Get, "/api/", ApiServer.Admin, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("Basic " + ApiServer.Admin, "Invalid Authorization header format, expected: Bearer <token>")]
    [InlineData("Bearer", "Invalid Authorization header format, expected: Bearer <token>")]
    [InlineData(ApiServer.Admin, "Invalid Authorization header format, expected: Bearer <token>")]
    [Trait("Conformance", "A-14")]
    public async Task Another_scheme_is_told_which_one_is_expected(string header, string message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/api/v1/auth/check"));
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(new AuthenticationHeaderValue("Bearer", "realm=\"certctl\""), Assert.Single(answer.Headers.WwwAuthenticate));
        Assert.Contains(
            message.Replace("<", "\\u003C", StringComparison.Ordinal).Replace(">", "\\u003E", StringComparison.Ordinal),
            await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/profiles/default", 200)]
    [InlineData("/api/v1/audit", 200)]
    [InlineData("/api/v1/audit/export", 200)]
    [InlineData("/api/v1/profiles/nowhere", 404)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/scep?operation=GetCACaps", 200)]
    [InlineData("/health", 200)]
    [InlineData("/ready", 200)]
    public void HEAD_over_HTTP_2_is_answered_without_content(string path, int status)
    {
        // nghttp2 under curl takes DATA after HEAD for a protocol error.
        var run = ExternalTool.RunIn(
            server.Host.Folder, "curl", "-sS", "--http2", "--head", "--cacert", server.Host.CaFile,
            "-H", $"Authorization: Bearer {ApiServer.Admin}", $"{new Uri(server.Host.Url, path)}");
        Assert.StartsWith($"HTTP/2 {status}", run.MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "A-13")]
    public async Task A_check_says_who_one_is()
    {
        var check = await server.GetAsync("/api/v1/auth/check", ApiServer.Operator);
        Assert.Equal(
            ("authenticated", "olga", false, "operator"),
            (
                check.GetProperty("status").GetString(), check.GetProperty("user")
                    .GetString(), check.GetProperty("admin").GetBoolean(), check.GetProperty("role").GetString()));
        Assert.True((await server.GetAsync("/api/v1/auth/check")).GetProperty("admin").GetBoolean());
        Assert.DoesNotContain(ApiServer.Operator, server.Host.Log, StringComparison.Ordinal);
    }
}
