using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>Certificate profiles by REST: a write names the version it replaces, and the next enrolment uses the new one.</summary>
public sealed class ProfileApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Profiles = "/api/v1/profiles";

    [Fact]
    public async Task A_profile_is_made_replaced_and_taken_away_and_the_trail_says_what_it_was()
    {
        var made = await WriteAsync(HttpMethod.Post, Profiles, New("short-lived"), null, HttpStatusCode.Created);
        Assert.Equal("\"1\"", made.Headers.ETag?.ToString());
        Assert.Equal($"{Profiles}/short-lived", made.Headers.Location?.ToString());
        await WriteAsync(HttpMethod.Post, Profiles, New("short-lived"), null, HttpStatusCode.Conflict);
        var namesake = New("namesake");
        namesake["name"] = "Profile short-lived";
        await WriteAsync(HttpMethod.Post, Profiles, namesake, null, HttpStatusCode.Conflict);

        var changed = New("short-lived");
        changed["max_ttl_seconds"] = 7200;
        Assert.Equal(
            "\"2\"",
            (await WriteAsync(HttpMethod.Put, $"{Profiles}/short-lived", changed, "\"1\"", HttpStatusCode.OK)).Headers.ETag?.ToString());
        Assert.Equal(7200, (await server.GetAsync($"{Profiles}/short-lived", ApiServer.Auditor)).GetProperty("max_ttl_seconds").GetInt32());
        Assert.Contains(
            (await server.GetAsync(Profiles, ApiServer.Auditor)).GetProperty("data").EnumerateArray(),
            row => row.GetProperty("id").GetString() == "short-lived");

        await WriteAsync(HttpMethod.Delete, $"{Profiles}/short-lived", null, "\"1\"", HttpStatusCode.PreconditionFailed);
        await WriteAsync(HttpMethod.Delete, $"{Profiles}/short-lived", null, "\"2\"", HttpStatusCode.NoContent);
        await WriteAsync(HttpMethod.Delete, $"{Profiles}/short-lived", null, "*", HttpStatusCode.NotFound);

        var trail = (await server.GetAsync("/api/v1/audit?resource_type=profile&resource_id=short-lived&actor=alice"))
            .GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["delete_profile", "update_profile", "create_profile"], trail.Select(act => act.GetProperty("action").GetString()));
        var change = JsonNode.Parse(trail[1].GetProperty("details").GetProperty("detail").GetString()!.Split(": ", 2)[1])!;
        Assert.Equal((3600, 7200), ((int)change["before"]!["max_ttl_seconds"]!, (int)change["after"]!["max_ttl_seconds"]!));
    }

    [Fact]
    public async Task A_profile_that_is_made_again_goes_on_counting_so_that_no_ETag_of_an_id_names_two_rules()
    {
        await WriteAsync(HttpMethod.Post, Profiles, New("again"), null, HttpStatusCode.Created);
        await WriteAsync(HttpMethod.Put, $"{Profiles}/again", New("again"), "\"1\"", HttpStatusCode.OK);
        await WriteAsync(HttpMethod.Delete, $"{Profiles}/again", null, "\"2\"", HttpStatusCode.NoContent);
        Assert.Equal(
            "\"3\"", (await WriteAsync(HttpMethod.Post, Profiles, New("again"), null, HttpStatusCode.Created)).Headers.ETag?.ToString());
        foreach (var stale in new[] { "\"1\"", "\"2\"" })
        {
            await WriteAsync(HttpMethod.Put, $"{Profiles}/again", New("again"), stale, HttpStatusCode.PreconditionFailed);
            await WriteAsync(HttpMethod.Delete, $"{Profiles}/again", null, stale, HttpStatusCode.PreconditionFailed);
        }

        await WriteAsync(HttpMethod.Delete, $"{Profiles}/again", null, "\"3\"", HttpStatusCode.NoContent);
        var made = await WriteAsync(HttpMethod.Post, Profiles, New("again"), null, HttpStatusCode.Created);
        Assert.Equal("\"4\"", made.Headers.ETag?.ToString());
        Assert.Equal(4, (int)JsonNode.Parse(await made.Content.ReadAsStringAsync())!["version"]!);
    }

    [Fact]
    public async Task Of_ten_who_replace_the_same_version_one_does()
    {
        await WriteAsync(HttpMethod.Post, Profiles, New("contended"), null, HttpStatusCode.Created);
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
        {
            var mine = New("contended");
            mine["description"] = $"of {i}";
            return SendAsync(HttpMethod.Put, $"{Profiles}/contended", mine.ToJsonString(), "\"1\"", ApiServer.Admin);
        }));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task The_next_enrolment_goes_by_the_new_rule_and_what_is_in_use_stays()
    {
        using var found = await SendAsync(HttpMethod.Get, $"{Profiles}/default", null, null, ApiServer.Auditor);
        var profile = JsonNode.Parse(await found.Content.ReadAsStringAsync())!.AsObject();
        var original = profile.DeepClone().AsObject();
        profile["max_ttl_seconds"] = 3600;
        await WriteAsync(HttpMethod.Put, $"{Profiles}/default", profile, found.Headers.ETag!.ToString(), HttpStatusCode.OK);
        try
        {
            using var wire = server.Host.Connect();
            var device = ScepDevice.Shared();
            var issued =
                (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=by the new rule", server.Host.Challenge), device)).Build()))
                    .Issued(device);
            Assert.Equal(TimeSpan.FromHours(1), issued.NotAfter - issued.NotBefore);
        }
        finally
        {
            await WriteAsync(HttpMethod.Put, $"{Profiles}/default", original, "*", HttpStatusCode.OK);
        }

        await WriteAsync(HttpMethod.Delete, $"{Profiles}/default", null, "*", HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task What_a_profile_says_of_names_usages_and_blanks_is_in_the_next_certificate_and_in_the_trail()
    {
        using var found = await SendAsync(HttpMethod.Get, $"{Profiles}/default", null, null, ApiServer.Auditor);
        var profile = JsonNode.Parse(await found.Content.ReadAsStringAsync())!.AsObject();
        var original = profile.DeepClone().AsObject();
        profile["allowed_ekus"] = new JsonArray("smartcardLogon", "1.3.6.1.5.5.7.3.2");
        profile["key_usage"] = new JsonArray("digitalSignature");
        profile["drop_blank_names"] = true;
        profile["subject_template"] = new JsonArray("O=Corp", "OU={{csr.ou?}}", "CN={{csr.cn}}");
        profile["san_template"] = new JsonArray("DNS:{{csr.cn}}.corp.example");
        await WriteAsync(HttpMethod.Put, $"{Profiles}/default", profile, found.Headers.ETag!.ToString(), HttpStatusCode.OK);
        try
        {
            var shown = await server.GetAsync($"{Profiles}/default", ApiServer.Auditor);
            Assert.Equal(
                profile["subject_template"]!.ToJsonString(),
                JsonNode.Parse(shown.GetProperty("subject_template").GetRawText())!.ToJsonString());
            using var wire = server.Host.Connect();
            var device = ScepDevice.Shared();
            var issued = (await wire.SendAsync(
                (await wire.RequestAsync(device.Csr("CN=rewritten,OU=\" \",O=Evil", server.Host.Challenge), device)).Build()))
                .Issued(device);
            Assert.Equal("CN=rewritten, O=Corp", issued.Subject);
            using var folder = new TemporaryFolder();
            await File.WriteAllBytesAsync(folder["leaf"], issued.RawData);
            var text = OpenSsl.Run("x509", "-inform", "DER", "-in", folder["leaf"], "-noout", "-text");
            Assert.Contains("DNS:rewritten.corp.example\n", text, StringComparison.Ordinal);
            Assert.Contains("Microsoft Smartcard Login, TLS Web Client Authentication\n", text, StringComparison.Ordinal);
            Assert.Contains("X509v3 Key Usage: critical\n                Digital Signature\n", text, StringComparison.Ordinal);
        }
        finally
        {
            await WriteAsync(HttpMethod.Put, $"{Profiles}/default", original, "*", HttpStatusCode.OK);
        }

        var trail = (await server.GetAsync("/api/v1/audit?resource_type=profile&resource_id=default&actor=alice")).GetProperty("data")
            .EnumerateArray().ToList();
        Assert.Contains(trail, act => act.GetProperty("details").GetProperty("detail").GetString()!
            .Contains("\"san_template\":[\"DNS:{{csr.cn}}.corp.example\"]", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"id\":\"Bad Id\"}", "id")]
    [InlineData("{\"max_ttl_seconds\":-1}", "max_ttl_seconds")]
    [InlineData("{\"max_ttl_seconds\":\"3600\"}", "max_ttl_seconds")]
    [InlineData("{\"max_tll_seconds\":3600}", "max_tll_seconds")]
    [InlineData("{\"description\":null}", "description")]
    [InlineData("{\"allowed_key_algorithms\":[{\"algorithm\":\"DSA\",\"min_size\":2048}]}", "allowed_key_algorithms")]
    [InlineData("{\"allowed_key_algorithms\":[]}", "allowed_key_algorithms")]
    [InlineData("{\"allowed_ekus\":[\"nonsense\"]}", "allowed_ekus")]
    [InlineData("{\"allowed_ekus\":[null]}", "allowed_ekus")]
    [InlineData("{\"key_usage\":[\"keyCertSign\"]}", "key_usage")]
    [InlineData("{\"key_usage\":[\"keyAgreement\"]}", "key_usage")]
    [InlineData("{\"key_usage\":[null]}", "key_usage")]
    [InlineData("{\"additional_san_kinds\":[\"everything\"]}", "additional_san_kinds")]
    [InlineData("{\"subject_template\":[\"CN={{csr.name}}\"]}", "subject_template")]
    [InlineData("{\"san_template\":[\"DNS:{{csr.cn}\"]}", "san_template")]
    [InlineData("{\"san_template\":null}", "san_template")]
    [InlineData("{\"eku_critical\":true,\"allowed_ekus\":[\"anyExtendedKeyUsage\"]}", "eku_critical")]
    [InlineData("{\"drop_blank_name\":true}", "drop_blank_name")]
    [InlineData("{\"allowed_key_algorithms\":[null]}", "allowed_key_algorithms")]
    [InlineData("{\"required_san_patterns\":[null]}", "required_san_patterns")]
    [InlineData("{", "body")]
    [InlineData("", "body")]
    public async Task What_cannot_be_taken_is_a_400_that_names_the_field(string change, string field)
    {
        var body = change;
        if (change.StartsWith("{\"", StringComparison.Ordinal))
        {
            var profile = New("refused");
            foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
                profile[name] = value?.DeepClone();
            body = profile.ToJsonString();
        }

        using var answer = await SendAsync(HttpMethod.Post, Profiles, body, null, ApiServer.Admin);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{answer.StatusCode} {text}");
        Assert.True(JsonDocument.Parse(text).RootElement.GetProperty("errors").TryGetProperty(field, out _), text);
    }

    [Fact]
    public async Task Who_may_read_may_not_write()
    {
        foreach (var key in new[] { ApiServer.Auditor, ApiServer.Operator })
        {
            using var answer = await SendAsync(HttpMethod.Put, $"{Profiles}/default", New("default").ToJsonString(), "*", key);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        await WriteAsync(HttpMethod.Put, $"{Profiles}/default", New("another"), "*", HttpStatusCode.BadRequest);
        await WriteAsync(HttpMethod.Put, $"{Profiles}/nowhere", New("nowhere"), "*", HttpStatusCode.NotFound);
        await WriteAsync(HttpMethod.Put, $"{Profiles}/default", New("default"), "W/\"1\"", HttpStatusCode.PreconditionFailed);
    }

    private async Task<HttpResponseMessage> WriteAsync(
        HttpMethod method, string path, JsonObject? body, string? ifMatch, HttpStatusCode status)
    {
        var answer = await SendAsync(method, path, body?.ToJsonString(), ifMatch, ApiServer.Admin);
        Assert.True(status == answer.StatusCode, $"{method} {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, string? ifMatch, string key)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Host.Url, path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await server.Http.SendAsync(request);
    }

    private static JsonObject New(string id) => new()
    {
        ["id"] = id,
        ["name"] = $"Profile {id}",
        ["allowed_key_algorithms"] = new JsonArray(new JsonObject { ["algorithm"] = "RSA", ["min_size"] = 2048 }),
        ["allowed_ekus"] = new JsonArray("clientAuth"),
        ["max_ttl_seconds"] = 3600,
    };
}
