using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>Calls every operation of the reference once with success, and compares each answer with the document.</summary>
public sealed partial class EachOperationTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Transaction = "calls/1+2=3";

    private readonly HashSet<string> _walked = [];
    private JsonNode? _document;

    [Fact]
    [Trait("Conformance", "A-7")]
    [Trait("Conformance", "A-20")]
    public async Task Every_operation_answers_as_documented_from_the_request_of_a_device_to_the_end_of_its_certificate()
    {
        _document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        foreach (var path in new[]
        {
            "auth/info", "auth/check", "version", "admin/scep/profiles", "admin/scep/intune/stats", "admin/est/profiles",
        })
            await CallAsync("GET", path);
        await CallAsync("POST", "admin/reload");
        await CallAsync("POST", "admin/scep/intune/reload-trust", body: new JsonObject());
        await CallAsync("POST", "admin/est/reload-trust", body: new JsonObject(), status: 404);

        // A profile whose requests need approval, and a device that asks.
        var rule = (await CallAsync("GET", "profiles/{id}", "profiles/default")).AsObject();
        var made = rule.DeepClone().AsObject();
        (made["id"], made["name"]) = ("walked", "walked");
        Assert.Equal("walked", (string?)(await CallAsync("POST", "profiles", body: made, status: 201))["id"]);
        await CallAsync("DELETE", "profiles/{id}", "profiles/walked", status: 204, ifMatch: "*");
        rule["requires_approval"] = true;
        await CallAsync("PUT", "profiles/{id}", "profiles/default", rule, ifMatch: "*");
        await CallAsync("GET", "profiles");
        using var wire = server.Host.Connect();
        var (device, refused) = (ScepDevice.Shared(0), ScepDevice.Shared(1));
        await AskAsync(wire, refused, "CN=denied", "calls-2");
        await AskAsync(wire, device, "CN=walked", Transaction);

        var waiting = (await CallAsync("GET", "approvals"))["data"]!.AsArray();
        string Waits(string subject) =>
            (string)Assert.Single(waiting, row => ((string)row!["subject"]!).Contains(subject, StringComparison.Ordinal))!["id"]!;
        await CallAsync("POST", "approvals/{id}/deny", $"approvals/{Waits("denied")}/deny", new JsonObject { ["note"] = "whose is it?" });
        await CallAsync("POST", "approvals/{id}/approve", $"approvals/{Waits("walked")}/approve", new JsonObject { ["note"] = "ours" });
        var poll = (await wire.RequestAsync([0x30, 0x00], device)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("20"))
            .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(Transaction));
        var certificate = (await wire.SendAsync(poll.Build())).Issued(device);

        // What it got, and its end.
        // As the API writes it: openssl and .NET leave out an octet of zeros in front.
        var serial = certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        await CallAsync("GET", "certificates");
        await CallAsync("GET", "certificates/{id}", $"certificates/{serial}");
        await CallAsync("GET", "certificates/{id}/download", $"certificates/{serial}/download?format=pem");
        await CallAsync(
            "POST",
            "certificates/bulk-revoke",
            body: new JsonObject { ["reason"] = "superseded", ["certificate_ids"] = new JsonArray(serial), ["dry_run"] = true });
        var job = await CallAsync(
            "POST",
            "certificates/bulk-revoke",
            body: new JsonObject { ["reason"] = "superseded", ["certificate_ids"] = new JsonArray(new string('1', 40)) },
            status: 202);
        Assert.Contains($"{job["id"]}", (await CallAsync("GET", "jobs"))["data"]!.ToJsonString(), StringComparison.Ordinal);
        await CallAsync("GET", "jobs/{id}", $"jobs/{job["id"]}");
        await CallAsync("POST", "jobs/{id}/cancel", $"jobs/{job["id"]}/cancel");
        await CallAsync(
            "POST", "certificates/{id}/revoke", $"certificates/{serial}/revoke", new JsonObject { ["reason"] = "certificateHold" });
        await CallAsync("POST", "certificates/{id}/release", $"certificates/{serial}/release");

        var timeline = await CallAsync("GET", "enrolments/{transaction}", $"enrolments/{Uri.EscapeDataString(Transaction)}");
        Assert.Equal(
            [
                "scep_pkcsreq pending",
                "approve_enrolment done",
                "scep_pkcsreq issued",
                "certificate_revoked done",
                "certificate_released done",
            ],
            timeline["stages"]!.AsArray().Select(stage => $"{stage!["action"]} {stage["outcome"]}"));
        Assert.Equal(
            (Transaction, "issued", 3), ((string)timeline["transaction_id"]!, (string)timeline["outcome"]!, (int)timeline["events"]!));
        Assert.Equal(serial, (string?)Assert.Single(timeline["serial_numbers"]!.AsArray()), ignoreCase: true);
        var denied = await CallAsync("GET", "enrolments/{transaction}", "enrolments/calls-2");
        Assert.Equal(
            ["scep_pkcsreq pending", "deny_enrolment done"],
            denied["stages"]!.AsArray().Select(stage => $"{stage!["action"]} {stage["outcome"]}"));

        // Who issues: openssl reads the chain, and a test stands in the trail and with the issuer.
        Assert.Equal("untested", (string?)(await CallAsync("GET", "issuers"))["data"]![0]!["test_status"]);
        Assert.Equal("connection_successful", (string?)(await CallAsync("POST", "issuers/{id}/test", "issuers/iss-local/test"))["status"]);
        var issuer = await CallAsync("GET", "issuers/{id}", "issuers/iss-local");
        Assert.Equal(("success", "GenericCA", true), ((string?)issuer["test_status"], (string?)issuer["type"], (bool)issuer["enabled"]!));
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["chain.pem"], (string)issuer["ca"]!["chain_pem"]!);
        var told = Fixtures.OpenSsl.Run("x509", "-in", folder["chain.pem"], "-noout", "-fingerprint", "-sha256")
            .Replace(":", "", StringComparison.Ordinal);
        Assert.Contains((string)issuer["ca"]!["fingerprint_sha256"]!, told, StringComparison.OrdinalIgnoreCase);

        var probe = await CallAsync(
            "POST",
            "network-scan/scep-probe",
            body: new JsonObject { ["url"] = $"https://127.0.0.1:{server.Host.Url.Port}/scep?secret=left-away" });
        Assert.Equal(
            (true, true, true, 1, (string?)null, $"https://127.0.0.1:{server.Host.Url.Port}/scep"),
            (
                (bool)probe["reachable"]!, (bool)probe["supports_rfc8894"]!, (bool)probe["supports_aes"]!,
                (int)probe["ca_cert_chain_length"]!, (string?)probe["error"], (string?)probe["target_url"]));
        Assert.Equal((string?)issuer["ca"]!["subject"], (string?)probe["ca_cert_subject"]);
        Assert.Equal(probe.ToJsonString(), (await CallAsync("GET", "network-scan/scep-probes"))["probes"]![0]!.ToJsonString());

        var entry = (await CallAsync("GET", "audit"))["data"]![0]!;
        await CallAsync("GET", "audit/{id}", $"audit/{entry["id"]}");
        await CallAsync("GET", "audit/export");
        var key = await CallAsync("POST", "api-keys", body: new JsonObject { ["name"] = "walker", ["role"] = "auditor" }, status: 201);
        await CallAsync("GET", "api-keys");
        await CallAsync("DELETE", "api-keys/{id}", $"api-keys/{key["id"]}", status: 204);

        // What stands in the trail can be asked for: the document names every action, reason and kind of resource.
        var rows = (await CallAsync("GET", "audit", "audit?per_page=500"))["data"]!.AsArray();
        var parameters = ReferenceTests.Operations(_document)
            .Single(operation => operation.Name == "GET /api/v1/audit").Operation["parameters"]!.AsArray();
        foreach (var name in new[] { "action", "reason", "resource_type" })
        {
            var named = parameters.Single(parameter => (string)parameter!["name"]! == name)!["schema"]!["enum"]!.AsArray()
                .Select(word => (string)word!).ToList();
            Assert.Empty(rows.Select(row => (string?)row![name]).OfType<string>().Except(named));
        }

        Assert.Equal(
            ReferenceTests.Operations(_document).Select(operation => Unnamed(operation.Name))
                .Where(name => name.Contains(" /api/", StringComparison.Ordinal)).Order(), _walked.Order());
    }

    // Two names of a parameter are no two operations.
    private static string Unnamed(string operation) => Parameter().Replace(operation, "{}");

    [GeneratedRegex(@"\{[a-z]+\}")]
    private static partial Regex Parameter();

    private async Task AskAsync(ScepWire wire, ScepDevice device, string subject, string transaction)
    {
        var request = await wire.RequestAsync(device.Csr(subject, server.Host.Challenge), device);
        (await wire.SendAsync(request.Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transaction)).Build()))
            .MustWait(transaction);
    }

    private async Task<JsonNode> CallAsync(
        string method, string template, string? path = null, JsonObject? body = null, int status = 200, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), new Uri(server.Host.Url, $"/api/v1/{path ?? template}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null)
            request.Content = ApiServer.Json(body);
        using var answer = await server.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{method} {path ?? template}: {answer.StatusCode} {text}");
        var name = ReferenceTests.Operations(_document!).Select(operation => operation.Name)
            .Single(name => Unnamed(name) == Unnamed($"{method} /api/v1/{template}"));
        _walked.Add(Unnamed(name));
        var media = answer.Content.Headers.ContentType?.MediaType ?? "";
        ReferenceTests.Agrees(_document!, name, status, media, text);
        ContractBoundsTests.Agrees(
            ReferenceTests.Operations(_document!).Single(operation => operation.Name == name).Operation, name, answer);
        return media == "application/json" ? JsonNode.Parse(text)! : new JsonObject();
    }
}
