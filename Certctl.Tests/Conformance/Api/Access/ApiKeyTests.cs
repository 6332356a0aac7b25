using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Certctl.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>Keys that are made at run time: shown once, kept as digests, refused by every process once they are revoked.</summary>
public sealed class ApiKeyTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_created_key_has_its_role_and_its_name_and_cannot_be_read_again()
    {
        var before = DateTimeOffset.UtcNow;
        var made = await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Created,
            ApiServer.Json(new { name = "ticketing", role = "operator" }));
        var (id, key) = (made.GetProperty("id").GetString()!, made.GetProperty("key").GetString()!);
        Assert.Matches("^certctl_[0-9a-f]{16}_[0-9a-f]{64}$", key);
        Assert.Contains($"_{id}_", key, StringComparison.Ordinal);
        Assert.InRange(
            made.GetProperty("expires_at").GetDateTimeOffset(), before.AddDays(90).AddSeconds(-2), DateTimeOffset.UtcNow.AddDays(90));

        Assert.Equal(JsonValueKind.Null, (await ListedAsync(id)).GetProperty("last_used_at").ValueKind);
        var check = await server.GetAsync("/api/v1/auth/check", key);
        Assert.Equal(("ticketing", "operator"), (check.GetProperty("user").GetString(), check.GetProperty("role").GetString()));
        await server.SendAsync(HttpMethod.Get, "/api/v1/api-keys", key, HttpStatusCode.Forbidden);
        var used = await ListedAsync(id);
        Assert.InRange(used.GetProperty("last_used_at").GetDateTimeOffset(), before.AddSeconds(-1), DateTimeOffset.UtcNow);
        Assert.Equal(("active", "alice", made.GetProperty("expires_at").GetString()), (
            used.GetProperty("state").GetString(), used.GetProperty("created_by").GetString(), used.GetProperty("expires_at").GetString()));
        await server.GetAsync("/api/v1/auth/check", key);
        Assert.Equal(used.GetRawText(), (await ListedAsync(id)).GetRawText());

        await server.SendAsync(HttpMethod.Delete, $"/api/v1/api-keys/{id}", ApiServer.Admin, HttpStatusCode.NoContent);
        Assert.Equal("API key was revoked", (await server.SendAsync(HttpMethod.Get, "/api/v1/auth/check", key, HttpStatusCode.Unauthorized))
            .GetProperty("message").GetString());
        await server.SendAsync(HttpMethod.Delete, $"/api/v1/api-keys/{id}", ApiServer.Admin, HttpStatusCode.Conflict);
        Assert.Equal("revoked", (await ListedAsync(id)).GetProperty("state").GetString());

        var trail = (await server.GetAsync($"/api/v1/audit?resource_type=api_key&resource_id={id}"))
            .GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["revoke_api_key", "create_api_key"], trail.Select(entry => entry.GetProperty("action").GetString()));
        Assert.All(trail, entry => Assert.Equal("alice", entry.GetProperty("actor").GetString()));
        var proof = key[^64..];
        Assert.DoesNotContain(proof, server.Host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(proof, await server.TextAsync("/api/v1/audit?per_page=500"), StringComparison.Ordinal);
        Assert.DoesNotContain(proof, await server.TextAsync("/api/v1/api-keys"), StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(server.Host.Data, "certctl.db*"))
            Assert.DoesNotContain(proof, System.Text.Encoding.Latin1.GetString(await ReadSharedAsync(file)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_with_another_proof_is_as_unknown_as_one_that_never_was_and_one_that_has_expired_says_so()
    {
        var made = await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Created,
            ApiServer.Json(new { name = "brief", role = "auditor" }));
        var key = made.GetProperty("key").GetString()!;
        var forged = key[..^1] + (key[^1] == '0' ? '1' : '0');
        foreach (var other in new[]
        {
            forged,
            $"certctl_0123456789abcdef_{new string('0', 64)}",
            key[..^1],
            key + "0",
            key.ToUpperInvariant(),
        })
            Assert.Equal(
                "Invalid API key",
                (await server.SendAsync(HttpMethod.Get, "/api/v1/auth/check", other, HttpStatusCode.Unauthorized))
                    .GetProperty("message").GetString());

        await server.GetAsync("/api/v1/auth/check", key);
        var id = made.GetProperty("id").GetString()!;
        await using (var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync())
            await db.ApiKeys.Where(row => row.Id == id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));
        Assert.Equal("API key has expired", (await server.SendAsync(HttpMethod.Get, "/api/v1/auth/check", key, HttpStatusCode.Unauthorized))
            .GetProperty("message").GetString());
        Assert.Equal("expired", (await ListedAsync(id)).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("""{"role":"admin"}""", "name")]
    [InlineData("""{"name":"","role":"admin"}""", "name")]
    [InlineData("""{"name":"two words","role":"admin"}""", "name")]
    [InlineData("""{"name":"bot"}""", "role")]
    [InlineData("""{"name":"bot","role":"root"}""", "role")]
    [InlineData("""{"name":"bot","role":2}""", "role")]
    [InlineData("""{"name":"bot","role":"admin","expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"bot","role":"admin","expires_at":"2999-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"bot","role":"admin","expires_at":"2026-12-24T00:00:00"}""", "expires_at")]
    [InlineData("""{"name":"bot","role":"admin","expires_at":null,"scope":"all"}""", "scope")]
    [InlineData("", "name")]
    public async Task What_cannot_be_a_key_is_told_by_field(string body, string field)
    {
        var problem = await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.BadRequest,
            new StringContent(body, new MediaTypeHeaderValue("application/json")));
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task A_name_has_one_role_however_its_keys_were_made()
    {
        await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Conflict,
            ApiServer.Json(new { name = "aud", role = "admin" }));
        var first = await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Created,
            ApiServer.Json(new { name = "rotated", role = "auditor" }));
        await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Created,
            ApiServer.Json(new { name = "rotated", role = "auditor" }));
        await server.SendAsync(
            HttpMethod.Post, "/api/v1/api-keys", ApiServer.Admin, HttpStatusCode.Conflict,
            ApiServer.Json(new { name = "rotated", role = "operator" }));
        await server.GetAsync("/api/v1/auth/check", first.GetProperty("key").GetString());
    }

    private async Task<JsonElement> ListedAsync(string id) =>
        Assert.Single(
            (await server.GetAsync("/api/v1/api-keys?per_page=500")).GetProperty("data").EnumerateArray(),
            key => key.GetProperty("id").GetString() == id);

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var all = new MemoryStream();
        await file.CopyToAsync(all);
        return all.ToArray();
    }
}
