using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Measure;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>
/// Around the REST API: how fast one may ask, which pages may, what is written about who was turned away, and what two processes agree on.
/// </summary>
public sealed class ApiGuardTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Origin = "https://portal.example.com";

    private static readonly (string, string) Keys =
        ("CERTCTL_API_KEYS_NAMED", $"alice:{ApiServer.Admin}:admin,aud:{ApiServer.Auditor}:auditor");

    [Fact]
    [Trait("Conformance", "A-10")]
    [Trait("Conformance", "A-11")]
    [Trait("Conformance", "A-16")]
    public async Task Rate_limits_hold_by_address_and_by_name_and_not_for_devices()
    {
        await using var host = await CertctlHost.StartAsync(
            null,
            Keys,
            ("CERTCTL_RATE_LIMIT_RPS", "1"),
            ("CERTCTL_RATE_LIMIT_BURST", "40"),
            ("CERTCTL_RATE_LIMIT_PER_USER_BURST", "5"),
            ("CERTCTL_METRICS_ENABLED", "true"));
        using var http = ScepWire.NewClient(host.CaFile);

        // Five requests of alice at once, and more as the limit refills meanwhile, on a busy machine for longer; the auditor has a limit of
        // its own.
        var watch = Stopwatch.StartNew();
        var alice = await ManyAsync(http, host, "/api/v1/auth/check", ApiServer.Admin, 12);
        Assert.InRange(alice.Count(answer => answer.Status == HttpStatusCode.OK), 5, 9 + (int)watch.Elapsed.TotalSeconds);
        Assert.Contains(alice, answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.OK, (await ManyAsync(http, host, "/api/v1/auth/check", ApiServer.Auditor, 1))[0].Status);

        var guesses = await ManyAsync(http, host, "/api/v1/auth/check", "guess-guess-guess", 60);
        Assert.All(guesses, answer => Assert.True(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
        Assert.InRange(guesses.Count(answer => answer.Status == HttpStatusCode.Unauthorized), 20, 40 + (int)watch.Elapsed.TotalSeconds);
        Assert.All(guesses.Where(answer => answer.Status == HttpStatusCode.TooManyRequests), answer => Assert.True(answer.RetryAfter >= 1));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await ManyAsync(http, host, "/metrics", null, 3))[^1].Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await ManyAsync(http, host, "/openapi/v1.json", ApiServer.Auditor, 3))[^1].Status);

        // Health and devices are not counted.
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(host.Url, "/health"))).StatusCode);
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=not counted", host.Challenge), device)).Build())).Issued(device);

        // The trail is bounded: what is like another is counted.
        await host.StopAsync();
        host.Settings["CERTCTL_RATE_LIMIT_ENABLED"] = "false";
        await host.StartAgainAsync();
        using var free = ScepWire.NewClient(host.CaFile);
        var rows = await RowsAsync(free, host, "/api/v1/audit?action=api_access&per_page=500");
        Assert.InRange(rows.Count, 3, 40);
        var unauthenticated = rows.Where(row => row.GetProperty("reason").GetString() == "unauthenticated").ToList();
        Assert.Equal(
            guesses.Count(answer => answer.Status == HttpStatusCode.Unauthorized),
            unauthenticated.Sum(row => row.GetProperty("count").GetInt32()));
        Assert.All(unauthenticated, row => Assert.Equal("anonymous", row.GetProperty("actor").GetString()));
        Assert.Contains(
            rows, row => row.GetProperty("actor").GetString() == "alice" && row.GetProperty("reason").GetString() == "rate_limited");
        Assert.Contains(
            "GET /api/v1/auth/check: Invalid API key", rows.Select(row => row.GetProperty("details").GetProperty("detail").GetString()));
        Assert.DoesNotContain("guess-guess-guess", JsonSerializer.Serialize(rows) + host.Log, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "A-19")]
    public async Task A_page_of_a_named_origin_may_read_and_no_other()
    {
        await using var host = await CertctlHost.StartAsync(null, Keys, ("CERTCTL_CORS_ORIGINS", Origin));
        using var http = ScepWire.NewClient(host.CaFile);

        var asked = await OfOriginAsync(http, host, HttpMethod.Options, Origin, "/api/v1/audit", key: null);
        Assert.Equal(HttpStatusCode.NoContent, asked.StatusCode);
        Assert.Equal(Origin, Assert.Single(asked.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(asked.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.Contains("PUT", Assert.Single(asked.Headers.GetValues("Access-Control-Allow-Methods")), StringComparison.Ordinal);

        // Refusals too can be read.
        foreach (var (key, status) in new[] { (ApiServer.Auditor, HttpStatusCode.OK), (null, HttpStatusCode.Unauthorized) })
        {
            var answer = await OfOriginAsync(http, host, HttpMethod.Get, Origin, "/api/v1/audit", key);
            Assert.Equal((status, Origin), (answer.StatusCode, Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin"))));
            Assert.Contains("ETag", Assert.Single(answer.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);
        }

        foreach (var (method, path, origin) in new[]
        {
            (HttpMethod.Options, "/api/v1/audit", "https://portal.example.com.evil.example"),
            (HttpMethod.Get, "/api/v1/audit", "http://portal.example.com"),
            (HttpMethod.Get, "/api/v1/audit", "null"),
            (HttpMethod.Get, "/scep?operation=GetCACaps", Origin),
        })
        {
            Assert.False(
                (await OfOriginAsync(http, host, method, origin, path, ApiServer.Auditor)).Headers.Contains("Access-Control-Allow-Origin"),
                $"{method} {path} {origin}");
        }
    }

    [Fact]
    public async Task What_one_process_makes_and_revokes_counts_at_the_other_at_once()
    {
        if (!postgres.IsAvailable)
            return;
        await using var first = await CertctlHost.StartAsync(await postgres.CreateDatabaseAsync(migrated: true), Keys);
        await using var second = await CertctlHost.StartBesideAsync(first);
        using var http = ScepWire.NewClient(first.CaFile);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(first.Url, "/api/v1/api-keys"))
        {
            Content = ApiServer.Json(new { name = "replicated", role = "auditor" }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
        var made = JsonDocument.Parse(await (await http.SendAsync(request)).Content.ReadAsStringAsync()).RootElement;
        var key = made.GetProperty("key").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await ManyAsync(http, second, "/api/v1/auth/check", key, 1))[0].Status);

        using var revoke = new HttpRequestMessage(
            HttpMethod.Delete, new Uri(second.Url, "/api/v1/api-keys/" + made.GetProperty("id").GetString()));
        revoke.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
        Assert.Equal(HttpStatusCode.NoContent, (await http.SendAsync(revoke)).StatusCode);
        foreach (var host in new[] { first, second })
            Assert.Equal(HttpStatusCode.Unauthorized, (await ManyAsync(http, host, "/api/v1/auth/check", key, 1))[0].Status);
    }

    [Fact]
    [Trait("Conformance", "A-18")]
    public async Task While_the_database_is_away_every_list_says_so_in_a_problem_that_tells_nothing_else()
    {
        if (!postgres.IsAvailable)
            return;
        var direct = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync(migrated: true));
        await using var gate = new TcpGate(direct.Host!, direct.Port);
        await using var host = await CertctlHost.StartAsync(
            new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Port = gate.Port }.ConnectionString, Keys);
        using var http = ScepWire.NewClient(host.CaFile);
        string[] lists =
            ["audit", "certificates", "approvals", "profiles", "api-keys", "issuers", "admin/scep/profiles", "admin/scep/intune/stats"];
        await gate.ShutAsync();
        foreach (var list in lists)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, $"/api/v1/{list}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
            using var answer = await http.SendAsync(request);
            var problem = await answer.Content.ReadAsStringAsync();
            Assert.True(
                (HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(30)) == (answer.StatusCode, answer.Headers.RetryAfter?.Delta),
                $"{list}: {answer.StatusCode} {problem}");
            Assert.Equal(
                "Something that this needs cannot be reached; try again.",
                JsonDocument.Parse(problem).RootElement.GetProperty("detail").GetString());
        }

        // No caller is admitted meanwhile.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ManyAsync(http, host, "/api/v1/audit", "guess-guess-guess", 1))[0].Status);
        gate.Open();
        foreach (var list in lists)
            Assert.Equal(HttpStatusCode.OK, (await ManyAsync(http, host, $"/api/v1/{list}", ApiServer.Admin, 1))[0].Status);
    }

    [Fact]
    public async Task Who_exports_and_does_not_read_takes_nothing_from_devices_nor_from_lists()
    {
        if (!postgres.IsAvailable)
            return;
        var database = await postgres.CreateDatabaseAsync(migrated: true);
        await new ListSeed(TimeProvider.System.GetUtcNow(), 100, 50_000).FillAsync(database);
        const string Other = "another-key-0123456789abcdef0123456";
        await using var host = await CertctlHost.StartAsync(
            database, (Keys.Item1, $"{Keys.Item2},bea:{Other}:auditor"), ("CERTCTL_DATABASE_MAX_CONNS", "8"));
        using var http = ScepWire.NewClient(host.CaFile);
        var exports = new List<HttpResponseMessage>();
        for (var i = 0; i < 12; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "/api/v1/audit/export"));
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Bearer", i switch { 0 => ApiServer.Admin, < 6 => ApiServer.Auditor, _ => Other });
            exports.Add(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        }

        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=not starved", host.Challenge), device)).Build())
            .WaitAsync(patience.Token)).Issued(device);
        Assert.Equal(
            HttpStatusCode.OK,
            (await ManyAsync(http, host, "/api/v1/audit?q=not%20starved", ApiServer.Auditor, 1).WaitAsync(patience.Token))[0].Status);

        var refused = exports.Where(export => export.StatusCode != HttpStatusCode.OK).ToList();

        // One export per principal runs, and two in all: further exports of the auditor are refused to the auditor alone.
        Assert.Equal(
            [
                .. Enumerable.Repeat(HttpStatusCode.OK, 2),
                .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 4),
                .. Enumerable.Repeat(HttpStatusCode.ServiceUnavailable, 6),
            ],
            exports.Select(export => export.StatusCode));
        Assert.All(refused, export => Assert.Equal(TimeSpan.FromSeconds(30), export.Headers.RetryAfter?.Delta));
        exports.ForEach(export => export.Dispose());
        while ((await ManyAsync(http, host, "/api/v1/audit/export?action=test_issuer", ApiServer.Auditor, 1))[0].Status
            != HttpStatusCode.OK)
            await Task.Delay(100, patience.Token);

        // Those beyond the first few are counted, and written when the process ends.
        await host.StopAsync();
        await host.StartAgainAsync();
        using var again = ScepWire.NewClient(host.CaFile);
        foreach (var (reason, actor, count) in new[] { ("busy", "bea", 6), ("rate_limited", "aud", 4) })
        {
            var trail = await RowsAsync(again, host, $"/api/v1/audit?action=api_access&reason={reason}&actor={actor}");
            Assert.True(trail.Sum(row => row.GetProperty("count").GetInt32()) >= count);
        }
    }

    private static async Task<List<(HttpStatusCode Status, int RetryAfter)>> ManyAsync(
        HttpClient http, CertctlHost host, string path, string? key, int times)
    {
        var answers = new List<(HttpStatusCode, int)>();
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, path));
            if (key is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var answer = await http.SendAsync(request);
            answers.Add((
                answer.StatusCode,
                answer.Headers.TryGetValues("Retry-After", out var after) ? int.Parse(after.Single(), CultureInfo.InvariantCulture) : 0));
        }

        return answers;
    }

    private static async Task<HttpResponseMessage> OfOriginAsync(
        HttpClient http, CertctlHost host, HttpMethod method, string origin, string path, string? key)
    {
        using var request = new HttpRequestMessage(method, new Uri(host.Url, path));
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "GET");
            request.Headers.Add("Access-Control-Request-Headers", "authorization");
        }
        else if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return await http.SendAsync(request);
    }

    private static async Task<List<JsonElement>> RowsAsync(HttpClient http, CertctlHost host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Auditor);
        return [.. JsonDocument.Parse(await (await http.SendAsync(request)).Content.ReadAsStringAsync()).RootElement
            .GetProperty("data").EnumerateArray()];
    }
}
