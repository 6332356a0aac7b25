using System.Net;
using System.Text;
using System.Text.Json;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>SCEP profiles and connectors by REST, in upstream's shapes.</summary>
public sealed class ScepAdminTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Reload = "/api/v1/admin/scep/intune/reload-trust";

    [Fact]
    [Trait("Conformance", "A-2")]
    public async Task The_nested_and_the_flat_shape_say_the_same_and_count_what_happened()
    {
        using var wire = server.Host.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=seen", server.Connector.For("seen")), device)).Build()))
            .Issued(device);
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=other", server.Connector.For("seen")), device)).Build()))
            .MustFail(FailureReason.IntuneClaimMismatch);

        var profiles = await server.GetAsync("/api/v1/admin/scep/profiles");
        Assert.Equal(1, profiles.GetProperty("profile_count").GetInt32());
        var row = Assert.Single(profiles.GetProperty("profiles").EnumerateArray());
        Assert.Equal(
            ("", "iss-local", true, false),
            (
                row.GetProperty("path_id").GetString(), row.GetProperty("issuer_id")
                    .GetString(), row.GetProperty("challenge_password_set").GetBoolean(), row.GetProperty("mtls_enabled").GetBoolean()));
        Assert.False(row.GetProperty("ra_cert_expired").GetBoolean());
        Assert.InRange(row.GetProperty("ra_cert_days_to_expiry").GetInt32(), 30, 4000);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("mtls_trust_bundle_path").ValueKind);
        Assert.True(row.GetProperty("ra_cert_not_after").GetDateTimeOffset() > DateTimeOffset.UtcNow);

        var intune = row.GetProperty("intune");
        var flat = Assert.Single((await server.GetAsync("/api/v1/admin/scep/intune/stats")).GetProperty("profiles").EnumerateArray());
        Assert.True(flat.GetProperty("enabled").GetBoolean());
        foreach (var name in new[]
        {
            "trust_anchor_path", "trust_anchors", "challenge_validity_ns", "clock_skew_tolerance_ns", "rate_limit_disabled",
            "replay_cache_size",
        })
            Assert.Equal(intune.GetProperty(name).GetRawText(), flat.GetProperty(name).GetRawText());
        Assert.Equal(
            [
                "path_id", "issuer_id", "enabled", "trust_anchor_path", "trust_anchors", "challenge_validity_ns", "clock_skew_tolerance_ns",
                "rate_limit_disabled", "replay_cache_size", "counters", "generated_at",
            ],
            flat.EnumerateObject().Select(member => member.Name).Where(name => name != "audience"));
        Assert.Equal(
            IntuneCounters.Labels.Order(StringComparer.Ordinal),
            flat.GetProperty("counters").EnumerateObject().Select(counter => counter.Name));
        Assert.Equal(1, flat.GetProperty("replay_cache_size").GetInt32());
        Assert.Equal(3_600_000_000_000, intune.GetProperty("challenge_validity_ns").GetInt64());
        Assert.Equal(
            "CN=connector EC", Assert.Single(intune.GetProperty("trust_anchors").EnumerateArray()).GetProperty("subject").GetString());
        foreach (var counters in new[] { intune.GetProperty("counters"), intune.GetProperty("counters_24h") })
        {
            Assert.Equal(IntuneCounters.Labels, counters.EnumerateObject().Select(counter => counter.Name));
            Assert.Equal((1, 1), (counters.GetProperty("success").GetInt32(), counters.GetProperty("claim_mismatch").GetInt32()));
        }
    }

    [Fact]
    [Trait("Conformance", "A-1")]
    [Trait("Conformance", "A-4")]
    public async Task A_reload_names_its_profile_and_an_empty_body_means_the_root()
    {
        foreach (var body in new[] { null, "", "{}", "{\"path_id\":\"\"}", "{\"path_id\":null}" })
        {
            var done = await server.SendAsync(
                HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.OK, body is null ? null : Text(body));
            Assert.Equal((true, ""), (done.GetProperty("reloaded").GetBoolean(), done.GetProperty("path_id").GetString()));
            Assert.InRange(
                done.GetProperty("reloaded_at").GetDateTimeOffset(),
                DateTimeOffset.UtcNow.AddMinutes(-1),
                DateTimeOffset.UtcNow.AddMinutes(1));
        }

        var acts = await server.GetAsync("/api/v1/audit?action=scep_intune_trust_reloaded&actor=alice", ApiServer.Auditor);
        Assert.True(acts.GetProperty("total").GetInt32() >= 5);
        Assert.Contains(
            "CN=connector EC",
            acts.GetProperty("data")[0].GetProperty("details").GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "A-15")]
    public async Task A_body_in_chunks_is_read_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Host.Url, Reload))
        {
            Content = Text("{\"path_id\":\"nowhere\"}"),
        };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Authorization = new("Bearer", ApiServer.Admin);
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("null", "body")]
    [InlineData("{\"path\":\"corp\"}", "path")]
    [InlineData("{\"path_id\":7}", "path_id")]
    [InlineData("{\"path_id\":\"a\",\"path_id\":\"b\"}", "path_id")]
    [InlineData("{\"path_id\":\"\\ud800\"}", "path_id")]
    [Trait("Conformance", "A-4")]
    public async Task A_body_that_cannot_be_read_is_a_400_that_names_the_field(string body, string field)
    {
        var problem = await server.SendAsync(HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.BadRequest, Text(body));
        Assert.StartsWith(
            field == "body" ? "The body " : $"{field} ", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(problem.GetProperty("errors").GetProperty(field)[0].GetString()!);
    }

    [Fact]
    [Trait("Conformance", "A-15")]
    public async Task A_body_that_is_too_long_is_a_413()
    {
        var fits = await server.SendAsync(HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.OK, Text("{}".PadRight(65536)));
        Assert.True(fits.GetProperty("reloaded").GetBoolean());
        await server.SendAsync(HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.RequestEntityTooLarge, Text("{}".PadRight(65537)));
    }

    [Fact]
    [Trait("Conformance", "A-4")]
    public async Task A_broken_bundle_is_a_500_that_says_why_and_keeps_the_old_one()
    {
        var pem = await File.ReadAllTextAsync(server.AnchorFile);
        await File.WriteAllTextAsync(server.AnchorFile, "nothing");
        try
        {
            var problem = await server.SendAsync(HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.InternalServerError);
            Assert.StartsWith(
                "Trust anchor reload failed. The old trust anchors stay in use",
                problem.GetProperty("message").GetString(),
                StringComparison.Ordinal);
        }
        finally
        {
            await File.WriteAllTextAsync(server.AnchorFile, pem);
        }

        Assert.Equal(
            "SCEP profile not found for path_id=\"corp\"",
            (await server.SendAsync(HttpMethod.Post, Reload, ApiServer.Admin, HttpStatusCode.NotFound, Text("{\"path_id\":\"corp\"}")))
                .GetProperty("message").GetString());
    }

    private static StringContent Text(string json) => new(json, Encoding.UTF8, "application/json");
}
