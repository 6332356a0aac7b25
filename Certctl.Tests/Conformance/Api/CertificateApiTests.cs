using System.Net;
using System.Text.Json;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>Issued certificates by REST: found, downloaded, revoked; and the SCEP side knows at once.</summary>
public sealed class CertificateApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task What_a_device_got_is_found_by_its_known_names_and_downloaded_as_it_is()
    {
        var device = await EnrolledAsync(0, "CN=found, O=Fleet");
        var serial = device.Certificate.SerialNumber;
        var page = await server.GetAsync("/api/v1/certificates?q=cn%3DFOUND&status=active", ApiServer.Auditor);
        var row = Assert.Single(page.GetProperty("data").EnumerateArray());
        Assert.Equal(1, page.GetProperty("total").GetInt32());
        Assert.Equal(
            (Wide(serial), "found", "active", "SCEP", "iss-local", ""),
            (
                Text(row, "serial_number"), Text(row, "common_name"), Text(row, "status"), Text(row, "source"), Text(row, "issuer_id"),
                Text(row, "path_id")));
        Assert.Equal(
            device.Certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256),
            Text(row, "fingerprint_sha256"),
            ignoreCase: true);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("revoked_at").ValueKind);

        // As openssl prints it, too.
        var colons = string.Join(':', serial.Chunk(2).Select(pair => new string(pair)));
        Assert.Equal(row.GetRawText(), (await server.GetAsync($"/api/v1/certificates/{Uri.EscapeDataString(colons)}")).GetRawText());

        using var folder = new TemporaryFolder();
        foreach (var (format, file) in new[] { ("pem", "leaf.pem"), ("chain", "chain.pem") })
            await File.WriteAllTextAsync(
                folder[file],
                (await server.AnswerAsync(
                    HttpMethod.Get, $"/api/v1/certificates/{serial}/download?format={format}", HttpStatusCode.OK)).Body);
        Assert.Contains(
            serial, Fixtures.OpenSsl.Run("x509", "-in", folder["leaf.pem"], "-noout", "-serial"), StringComparison.OrdinalIgnoreCase);
        Fixtures.OpenSsl.Run("verify", "-CAfile", server.Host.CaFile, folder["chain.pem"]);
        Assert.Equal(2, (await File.ReadAllTextAsync(folder["chain.pem"])).Split("BEGIN CERTIFICATE").Length - 1);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(server.Host.Url, $"/api/v1/certificates/{serial}/download?format=der"));
        request.Headers.Authorization = new("Bearer", ApiServer.Auditor);
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal("application/pkix-cert", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(device.Certificate.RawData, await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    [Trait("Conformance", "A-21")]
    public async Task A_revoked_certificate_does_not_renew_and_one_that_is_released_does()
    {
        var device = await EnrolledAsync(1, "CN=ended");
        var path = $"/api/v1/certificates/{device.Certificate.SerialNumber}";
        await server.SendAsync(
            HttpMethod.Post, $"{path}/revoke", ApiServer.Operator, HttpStatusCode.OK,
            ApiServer.Json(new { reason = "certificateHold", note = "lost?" }));
        Assert.Equal("on_hold", Text(await server.GetAsync(path), "status"));
        (await RenewAsync(device, "CN=ended")).MustFail(FailureReason.RenewalSignerRevoked);

        await server.SendAsync(HttpMethod.Post, $"{path}/release", ApiServer.Operator, HttpStatusCode.OK);
        (await RenewAsync(device, "CN=ended")).Issued(device);
        await server.SendAsync(HttpMethod.Post, $"{path}/release", ApiServer.Operator, HttpStatusCode.Conflict);

        var done = await server.SendAsync(
            HttpMethod.Post, $"{path}/revoke", ApiServer.Operator, HttpStatusCode.OK, ApiServer.Json(new { reason = "keyCompromise" }));
        Assert.Equal("revoked", Text(done, "status"));
        (await RenewAsync(device, "CN=ended")).MustFail(FailureReason.RenewalSignerRevoked);
        await server.SendAsync(HttpMethod.Post, $"{path}/revoke", ApiServer.Operator, HttpStatusCode.Conflict);
        await server.SendAsync(HttpMethod.Post, $"{path}/release", ApiServer.Operator, HttpStatusCode.Conflict);
        var row = await server.GetAsync(path);
        Assert.Equal(("revoked", "keyCompromise"), (Text(row, "status"), Text(row, "revocation_reason")));

        var trail = await server.GetAsync($"/api/v1/audit?serial={device.Certificate.SerialNumber}&actor=olga");
        Assert.Equal(
            ["REST API: KeyCompromise", "REST API: hold ended", "REST API: CertificateHold: lost?"],
            trail.GetProperty("data").EnumerateArray().Select(act => Text(act.GetProperty("details"), "detail")));
    }

    [Fact]
    [Trait("Conformance", "A-21")]
    public async Task What_is_revoked_by_REST_stands_in_the_CRL_that_openssl_reads()
    {
        var device = await EnrolledAsync(0, "CN=listed");
        var serial = device.Certificate.SerialNumber;
        await server.SendAsync(
            HttpMethod.Post, $"/api/v1/certificates/{serial}/revoke", ApiServer.Operator, HttpStatusCode.OK,
            ApiServer.Json(new { reason = "cessationOfOperation" }));
        using var wire = server.Host.Connect();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        string text;
        while (!(text = await wire.CrlTextAsync(device, server.Host.CaFile)).Contains(serial, StringComparison.OrdinalIgnoreCase))
            await Task.Delay(200, patience.Token);
        Assert.Matches($"(?si){serial}.{{0,200}}Cessation Of Operation", text);
    }

    [Fact]
    [Trait("Conformance", "A-23")]
    public async Task A_serial_number_is_a_number_whatever_its_zeros_and_colons()
    {
        var now = DateTimeOffset.UtcNow;
        const string Serial = "00000000000a0bcdef0123456789abcdef012345";
        Assert.IsType<JournalVerdict.Committed>(await server.Host.Database.GetRequiredService<IEnrolmentJournal>()
            .CommitAsync(TestEntries.Issued(now, serialNumber: Serial), default));
        foreach (var written in new[]
        {
            Serial,
            Serial.TrimStart('0'),
            "0" + Serial.TrimStart('0'),
            Serial.ToUpperInvariant(),
            "0A:0B:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45",
            "0x" + Serial.TrimStart('0'),
            "0a 0b cd ef 01 23 45 67 89 ab cd ef 01 23 45",
        })
        {
            Assert.Equal(Serial, Text(await server.GetAsync($"/api/v1/certificates/{Uri.EscapeDataString(written)}"), "serial_number"));
            Assert.Equal(
                1, (await server.GetAsync($"/api/v1/certificates?serial={Uri.EscapeDataString(written)}")).GetProperty("total").GetInt32());
            Assert.Equal(
                1, (await server.GetAsync($"/api/v1/audit?serial={Uri.EscapeDataString(written)}")).GetProperty("total").GetInt32());
            Assert.Equal(1, (await server.GetAsync($"/api/v1/audit?resource_type=certificate&resource_id={Uri.EscapeDataString(written)}"))
                .GetProperty("total").GetInt32());
            var counted = await server.SendAsync(
                HttpMethod.Post, "/api/v1/certificates/bulk-revoke", ApiServer.Admin, HttpStatusCode.OK,
                ApiServer.Json(new { reason = "superseded", certificate_ids = new[] { written }, dry_run = true }));
            Assert.Equal(1, counted.GetProperty("total_matched").GetInt32());
        }

        await server.SendAsync(HttpMethod.Get, $"/api/v1/certificates/{Serial.Trim('0')[1..]}", ApiServer.Auditor, HttpStatusCode.NotFound);
        await server.SendAsync(HttpMethod.Get, $"/api/v1/certificates/{new string('0', 40)}", ApiServer.Auditor, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("{\"reason\":\"removeFromCRL\"}", "reason")]
    [InlineData("{\"reason\":\"KEYCOMPROMISE\"}", "reason")]
    [InlineData("{\"reason\":1}", "reason")]
    [InlineData("{\"raeson\":\"superseded\"}", "raeson")]
    [InlineData("{\"reason\":\"superseded\",\"reason\":\"superseded\"}", "reason")]
    [InlineData("{\"note\":\"\\ud800\"}", "note")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("{", "body")]
    public async Task A_body_that_cannot_be_read_is_a_400_that_names_the_field(string body, string field)
    {
        var problem = await server.SendAsync(
            HttpMethod.Post,
            $"/api/v1/certificates/{new string('1', 40)}/revoke",
            ApiServer.Operator,
            HttpStatusCode.BadRequest,
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task Many_are_revoked_by_what_they_have_in_common_and_a_dry_run_changes_nothing()
    {
        var serials = new List<string>();
        for (var i = 0; i < 4; i++)
            serials.Add((await EnrolledAsync(0, $"CN=many {i}")).Certificate.SerialNumber);
        await server.SendAsync(HttpMethod.Post, $"/api/v1/certificates/{serials[0]}/revoke", ApiServer.Operator, HttpStatusCode.OK);
        async Task<(int, int, int)> RevokeAsync(object body)
        {
            var result = await server.SendAsync(
                HttpMethod.Post, "/api/v1/certificates/bulk-revoke", ApiServer.Admin, HttpStatusCode.Accepted, ApiServer.Json(body));
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
            while (Text(result, "state") is "queued" or "running")
            {
                await Task.Delay(50, patience.Token);
                result = await server.GetAsync($"/api/v1/jobs/{Text(result, "id")}");
            }

            Assert.Equal(("done", "alice"), (Text(result, "state"), Text(result, "requested_by")));
            return (
                result.GetProperty("total_matched").GetInt32(),
                result.GetProperty("total_revoked").GetInt32(),
                result.GetProperty("total_skipped").GetInt32());
        }

        var dry = await server.SendAsync(
            HttpMethod.Post, "/api/v1/certificates/bulk-revoke", ApiServer.Admin, HttpStatusCode.OK,
            ApiServer.Json(new { reason = "cessationOfOperation", certificate_ids = serials, dry_run = true }));
        Assert.Equal(
            (4, 3, 1, true, null),
            (
                dry.GetProperty("total_matched").GetInt32(), dry.GetProperty("total_revoked").GetInt32(),
                dry.GetProperty("total_skipped").GetInt32(), dry.GetProperty("dry_run").GetBoolean(), Text(dry, "id")));
        Assert.Equal(
            (4, 3, 1),
            await RevokeAsync(new { reason = "cessationOfOperation", certificate_ids = serials.Append(serials[1]), path_id = "(root)" }));
        Assert.Equal((4, 0, 4), await RevokeAsync(new { reason = "cessationOfOperation", certificate_ids = serials }));
        Assert.Equal((0, 0, 0), await RevokeAsync(new { reason = "cessationOfOperation", certificate_ids = serials, path_id = "another" }));
        var trail = await server.GetAsync($"/api/v1/audit?serial={serials[3]}&action=certificate_revoked");
        Assert.Equal("alice", Text(Assert.Single(trail.GetProperty("data").EnumerateArray()), "actor"));
    }

    [Theory]
    [InlineData("{\"certificate_ids\":[\"12\"]}", "reason")]
    [InlineData("{\"reason\":\"superseded\"}", "body")]
    [InlineData("{\"reason\":\"superseded\",\"path_id\":\"\"}", "path_id")]
    [InlineData("{\"reason\":\"superseded\",\"path_id\":\" \"}", "path_id")]
    [InlineData("{\"reason\":\"superseded\",\"path_id\":\"root\\n\"}", "path_id")]
    [InlineData("{\"reason\":\"superseded\",\"issuer_id\":\"\"}", "issuer_id")]
    [InlineData("{\"reason\":\"superseded\",\"profile_id\":\"\\t\"}", "profile_id")]
    [InlineData("{\"reason\":\"superseded\",\"profile_id\":\"nowhere\"}", "profile_id")]
    [InlineData("{\"reason\":\"superseded\",\"source\":\"\"}", "source")]
    [InlineData("{\"reason\":\"superseded\",\"certificate_ids\":[\"\"]}", "certificate_ids")]
    [InlineData("{\"reason\":\"\",\"certificate_ids\":[\"12\"]}", "reason")]
    [InlineData("{\"reason\":\"superseded\",\"path_id\":null}", "body")]
    [InlineData("{\"reason\":\"superseded\",\"certificate_ids\":[]}", "certificate_ids")]
    [InlineData("{\"reason\":\"superseded\",\"certificate_ids\":[\"xyz\"]}", "certificate_ids")]
    [InlineData("{\"reason\":\"superseded\",\"certificate_ids\":\"12\"}", "certificate_ids")]
    [InlineData("{\"reason\":\"superseded\",\"certificate_ids\":[null]}", "certificate_ids")]
    [InlineData("{\"reason\":\"superseded\",\"owner_id\":\"x\"}", "owner_id")]
    public async Task Many_are_not_revoked_by_accident(string body, string field)
    {
        var problem = await server.SendAsync(
            HttpMethod.Post, "/api/v1/certificates/bulk-revoke", ApiServer.Admin, HttpStatusCode.BadRequest,
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Theory]
    [InlineData("status=gone", "status")]
    [InlineData("status=1", "status")]
    [InlineData("serial=xyz", "serial")]
    [InlineData("expires_before=soon", "expires_before")]
    [InlineData("cursor=zz.11", "cursor")]
    [InlineData("cursor=ffffffffffffffff.1111111111111111111111111111111111111111", "cursor")]
    [InlineData("per_page=0", "per_page")]
    [InlineData("environment=prod", "environment")]
    [InlineData("profile_id=nowhere", "profile_id")]
    [InlineData("source=ACME", "source")]
    [InlineData("created_after=2026-11-27T08:00:00", "created_after")]
    public async Task A_query_that_cannot_be_read_is_a_400_that_names_the_field(string query, string field)
    {
        var problem = await server.SendAsync(HttpMethod.Get, $"/api/v1/certificates?{query}", ApiServer.Auditor, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task Pages_follow_by_cursor()
    {
        for (var i = 0; i < 5; i++)
            await EnrolledAsync(0, $"CN=paged {i}");
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.GetAsync("/api/v1/certificates?q=paged&per_page=2" + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.Equal(5, page.GetProperty("total").GetInt32());
            names.AddRange(page.GetProperty("data").EnumerateArray().Select(row => Text(row, "common_name")!));
            cursor = Text(page, "next_cursor");
        }
        while (cursor is not null && names.Count <= 5);
        Assert.Equal(["paged 4", "paged 3", "paged 2", "paged 1", "paged 0"], names);
    }

    private async Task<ScepDevice> EnrolledAsync(int key, string subject)
    {
        var device = ScepDevice.Shared(key);
        using var wire = server.Host.Connect();
        return device.With(
            (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, server.Host.Challenge), device)).Build())).Issued(device));
    }

    private async Task<CertRepReading> RenewAsync(ScepDevice device, string subject)
    {
        using var wire = server.Host.Connect();
        return await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, (string?)null), device))
            .Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("17")).Build());
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static string Wide(string serial) => serial.ToLowerInvariant().PadLeft(40, '0');
}
