using System.Text.Json;
using Certctl.Api.Rest.Endpoints.Protocols;
using Certctl.Api.Rest.Http;
using Xunit;

namespace Certctl.Tests.Api.Rest.Endpoints;

/// <summary>The flat shape of <c>/admin/scep/intune/stats</c>, letter by letter as the upstream product writes it.</summary>
public sealed class IntuneRowTests
{
    private static readonly DateTime At = new(2026, 11, 30, 9, 30, 0, DateTimeKind.Utc);

    [Fact]
    public void A_profile_without_Intune_has_no_member_that_only_signed_challenges_have()
    {
        Assert.Equal(
            """
            {"path_id":"","issuer_id":"iss-local","enabled":false,"rate_limit_disabled":false,"replay_cache_size":0,"counters":{},
            "generated_at":"2026-11-30T09:30:00Z"}
            """.ReplaceLineEndings(""),
            Json(IntuneRow.Of("", "iss-local", null, At)));
    }

    [Fact]
    public void A_profile_with_Intune_has_upstreams_members_in_upstreams_order_and_none_of_ours()
    {
        var counters = new Dictionary<string, long> { ["success"] = 2, ["replay"] = 1, ["expired"] = 0 };
        var section = new IntuneSection(
            "/etc/certctl/intune.pem", [new TrustAnchorRow("Connector", At.AddDays(-1), At.AddDays(10), 10, false)],
            "https://scep.example.com/scep/corp", 3_600_000_000_000, 60_000_000_000, true, 17, counters, counters);
        Assert.Equal(
            """
            {"path_id":"corp","issuer_id":"iss-local","enabled":true,"trust_anchor_path":"/etc/certctl/intune.pem",
            "trust_anchors":[{"subject":"Connector","not_before":"2026-11-29T09:30:00Z","not_after":"2026-12-10T09:30:00Z",
            "days_to_expiry":10,"expired":false}],"audience":"https://scep.example.com/scep/corp",
            "challenge_validity_ns":3600000000000,"clock_skew_tolerance_ns":60000000000,"rate_limit_disabled":true,
            "replay_cache_size":17,"counters":{"expired":0,"replay":1,"success":2},"generated_at":"2026-11-30T09:30:00Z"}
            """.ReplaceLineEndings(""),
            Json(IntuneRow.Of("corp", "iss-local", section, At)));
    }

    [Fact]
    public void What_upstream_leaves_out_when_it_is_empty_or_zero_is_left_out()
    {
        var section = new IntuneSection(
            "/a.pem", [], null, 3_600_000_000_000, 0, false, 0, new Dictionary<string, long>(), new Dictionary<string, long>());
        Assert.Equal(
            """
            {"path_id":"corp","issuer_id":"iss-local","enabled":true,"trust_anchor_path":"/a.pem",
            "challenge_validity_ns":3600000000000,"rate_limit_disabled":false,"replay_cache_size":0,"counters":{},
            "generated_at":"2026-11-30T09:30:00Z"}
            """.ReplaceLineEndings(""),
            Json(IntuneRow.Of("corp", "iss-local", section, At)));
    }

    private static string Json(IntuneRow row) => JsonSerializer.Serialize(row, ApiJson.Options);
}
