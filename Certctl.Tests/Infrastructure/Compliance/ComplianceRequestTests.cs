using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Architecture;
using Xunit;

namespace Certctl.Tests.Infrastructure.Compliance;

/// <summary>What the service is told.</summary>
public sealed class ComplianceRequestTests
{
    private static readonly DeviceClaim Claim = new("https://connector.example", "device-guid", "LAPTOP-1", SHA256.HashData("token"u8));

    [Fact]
    public async Task It_is_told_the_facts_as_docs_compliance_md_shows_them()
    {
        var json = JsonNode.Parse(await SentAsync(Claim))!;

        var documented = SourceTree.Read("docs/compliance.md").Split("```json\n")[1].Split("```")[0];
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(documented), json), json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    [Fact]
    public async Task Without_a_signed_challenge_there_is_no_claim()
    {
        var json = JsonNode.Parse(await SentAsync(null))!;

        Assert.Null(json["claim"]);
        Assert.True(json.AsObject().ContainsKey("claim"));
        Assert.Equal("static", (string?)json["challenge_kind"]);
    }

    [Fact]
    public async Task The_challenge_and_the_request_that_holds_it_are_not_sent()
    {
        var body = await SentAsync(Claim);

        Assert.DoesNotContain("must not be sent", body, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("the request itself"u8), body, StringComparison.Ordinal);
        Assert.DoesNotContain("[secret]", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_no_text_do_not_break_it()
    {
        var json = JsonNode.Parse(await SentAsync(Claim with { Subject = "half \ud800 a character \u0007" }))!;
        Assert.Equal("half \ufffd a character \u0007", (string?)json["claim"]!["subject"]);
    }

    private static async Task<string> SentAsync(DeviceClaim? claim)
    {
        await using var service = await ComplianceStub.StartAsync("{\"compliant\":true}");
        using var hook = service.Hook();
        await hook.AskAsync(ComplianceStub.Question(claim), CancellationToken.None);
        var seen = Assert.Single(service.Seen);
        Assert.Equal("application/json", seen.Headers.ContentType);
        return seen.Body;
    }
}
