using System.Net;
using System.Text.Json.Nodes;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>
/// Two approvals need two principals: keys of one maker count once, however long the chain of makers, and no key has the name of an actor
/// that is no person.
/// </summary>
public sealed class PrincipalTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Keys_of_one_maker_count_once_however_they_were_made_and_another_person_still_counts()
    {
        var (first, _) = await MakeAsync(ApiServer.Admin, "first", "operator");
        var (second, _) = await MakeAsync(ApiServer.Admin, "second", "admin");
        var (third, made) = await MakeAsync(second, "third", "operator");
        Assert.Equal("alice", made);
        var id = await WaitingAsync(approvals: 2);

        Assert.Contains("1 of 2", await DecideAsync(id, first, HttpStatusCode.OK), StringComparison.Ordinal);
        foreach (var same in new[] { first, second, third, ApiServer.Admin })
            await DecideAsync(id, same, HttpStatusCode.Conflict);
        Assert.Contains("alice answers for both", await DecideAsync(id, third, HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Contains("2 of 2", await DecideAsync(id, ApiServer.Operator, HttpStatusCode.OK), StringComparison.Ordinal);

        var trail = (await server.GetAsync($"/api/v1/audit?action=approve_enrolment&resource_id={id}&actor=first")).GetProperty("data");
        Assert.Equal(
            "REST API, for alice", Assert.Single(trail.EnumerateArray()).GetProperty("details").GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("scep-client")]
    [InlineData("scep_client")]
    [InlineData("SCEPCLIENT")]
    [InlineData("Anonymous")]
    [InlineData("system")]
    [InlineData("LOCAL")]
    [InlineData("-local-")]
    [InlineData("sighup")]
    public async Task No_key_has_the_name_of_an_actor_that_is_no_person(string name)
    {
        var body = ApiServer.Json(new { name, role = "auditor" });
        var problem = await server.SendAsync(HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.BadRequest, body);
        var said = problem.GetProperty("errors").GetProperty("name")[0].GetString();
        Assert.Contains("must not be one of scep-client, est-client, anonymous, system, local, SIGHUP", said, StringComparison.Ordinal);
    }

    private async Task<(string Key, string? Principal)> MakeAsync(string maker, string name, string role)
    {
        var made = await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", maker, HttpStatusCode.Created, ApiServer.Json(new { name, role }));
        var row = (await server.GetAsync("/api/v1/api-keys")).GetProperty("data").EnumerateArray()
            .Single(key => key.GetProperty("id").GetString() == made.GetProperty("id").GetString());
        return (made.GetProperty("key").GetString()!, row.GetProperty("principal").GetString());
    }

    private async Task<string> DecideAsync(string id, string key, HttpStatusCode status) =>
        (await server.SendAsync(HttpMethod.Post, $"/api/v1/approvals/{id}/approve", key, status)).GetProperty("message").GetString()!;

    private async Task<string> WaitingAsync(int approvals)
    {
        var profile = JsonNode.Parse((await server.GetAsync("/api/v1/profiles/default")).GetRawText())!.AsObject();
        (profile["requires_approval"], profile["approvals_required"]) = (true, approvals);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(server.Host.Url, "/api/v1/profiles/default"))
        {
            Content = ApiServer.Json(profile),
        };
        request.Headers.Authorization = new("Bearer", ApiServer.Admin);
        request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
        (await server.Http.SendAsync(request)).EnsureSuccessStatusCode();
        using var wire = server.Host.Connect();
        var device = ScepDevice.Shared();
        var message = (await wire.RequestAsync(device.Csr("CN=two people", server.Host.Challenge), device)).Replace(
            ForgedRequest.TransactionIdOid, ForgedRequest.Printable("two-people"));
        (await wire.SendAsync(message.Build())).MustWait("two-people");
        return Assert.Single((await server.GetAsync("/api/v1/approvals")).GetProperty("data").EnumerateArray()).GetProperty("id")
            .GetString()!;
    }
}
