using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Certctl.Tests.Conformance.Intune;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>One quickstart server with a key for each role; its root profile takes signed challenges.</summary>
public sealed class ApiServer : IAsyncLifetime, IDisposable
{
    internal const string Admin = "admin-key-0123456789abcdef0123456789";
    internal const string Operator = "operator-key-0123456789abcdef012345";
    internal const string Auditor = "auditor-key-0123456789abcdef0123456";

    private static readonly Dictionary<string, string> CarefulHeaders = new()
    {
        ["X-Content-Type-Options"] = "nosniff",
        ["X-Frame-Options"] = "DENY",
        ["Referrer-Policy"] = "no-referrer",
        ["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains",
        ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'",
    };

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;
    private HttpClient? _http;

    internal CertctlHost Host => _host!;

    internal HttpClient Http => _http!;

    internal TestConnector Connector { get; } = TestConnector.Ec();

    internal string AnchorFile => _folder["connectors.pem"];

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(AnchorFile, Connector.Pem);
        _host = await CertctlHost.StartAsync(
            null,
            [
                .. IntuneServers.Settings(AnchorFile),
                ("CERTCTL_METRICS_ENABLED", "true"),
                ("CERTCTL_SCEP_PROBE_ENABLED", "true"),
                ("CERTCTL_SCEP_PROBE_ALLOW", "127.0.0.0/8"),
                ("CERTCTL_RATE_LIMIT_RPS", "5000"),
                ("CERTCTL_RATE_LIMIT_BURST", "5000"),
                ("CERTCTL_API_KEYS_NAMED", $"alice:{Admin}:admin,olga:{Operator}:operator,aud:{Auditor}:auditor"),
            ]);
        _http = ScepWire.NewClient(Host.CaFile);
    }

    public async Task DisposeAsync()
    {
        _http?.Dispose();
        await Host.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    internal async Task<JsonElement> GetAsync(string path, string? key = Admin) =>
        await SendAsync(HttpMethod.Get, path, key, HttpStatusCode.OK);

    /// <summary>
    /// Sends it, wants this status, and reads the JSON of the answer; a refusal must be a problem that says nothing of the inside.
    /// </summary>
    internal async Task<JsonElement> SendAsync(HttpMethod method, string path, string? key, HttpStatusCode status, HttpContent? body = null)
    {
        using var request = Request(method, path, body);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        foreach (var (name, value) in CarefulHeaders)
            Assert.Equal(value, Assert.Single(answer.Headers.GetValues(name)));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        if ((int)status < 400)
        {
            return answer.Content.Headers.ContentType?.MediaType == "application/json" ? JsonDocument.Parse(text).RootElement : default;
        }

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.Equal(problem.GetProperty("title").GetString(), problem.GetProperty("error").GetString());
        Assert.Equal(problem.GetProperty("detail").GetString(), problem.GetProperty("message").GetString());
        Assert.Equal(Assert.Single(answer.Headers.GetValues("X-Request-ID")), problem.GetProperty("request_id").GetString());
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        return problem;
    }

    internal async Task<string> TextAsync(string path) => (await AnswerAsync(HttpMethod.Get, path, HttpStatusCode.OK)).Body;

    /// <summary>What admin gets, which must have this status, and its media type.</summary>
    internal async Task<(string Media, string Body)> AnswerAsync(HttpMethod method, string path, HttpStatusCode status)
    {
        using var request = Request(method, path, Empty(method));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin);
        using var answer = await Http.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        return (answer.Content.Headers.ContentType?.MediaType ?? "", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>An empty object where a body belongs.</summary>
    internal static HttpContent? Empty(HttpMethod method) => method == HttpMethod.Post || method == HttpMethod.Put ? Json(new { }) : null;

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? body) =>
        new(method, new Uri(Host.Url, path)) { Content = body };

    internal static HttpContent Json(object body) => JsonContent.Create(body);
}
