using System.Net;
using System.Text.Json;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>The trail and the queue of approvals by REST.</summary>
public sealed class AuditApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    [Trait("Conformance", "A-5")]
    [Trait("Conformance", "A-8")]
    public async Task Filters_hold_totals_are_true_and_pages_follow_one_another_without_gap_or_repeat()
    {
        using var wire = server.Host.Connect();
        var device = ScepDevice.Shared();
        string serial = "";
        for (var i = 0; i < 7; i++)
            serial = (await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN=Paged {i}", server.Host.Challenge), device)).Build()))
                .Issued(device).SerialNumber;

        var all = await server.GetAsync("/api/v1/audit?action=scep_pkcsreq&outcome=issued&q=paged&per_page=500", ApiServer.Auditor);
        Assert.Equal((7, 7, 1, 500), (
            all.GetProperty("total").GetInt32(), all.GetProperty("data")
                .GetArrayLength(), all.GetProperty("page").GetInt32(), all.GetProperty("per_page").GetInt32()));
        Assert.Equal(JsonValueKind.Null, all.GetProperty("next_cursor").ValueKind);
        var ids = Ids(all);
        Assert.Equal("CN=Paged 6", all.GetProperty("data")[0].GetProperty("details").GetProperty("subject").GetString());

        var walked = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.GetAsync(
                "/api/v1/audit?action=scep_pkcsreq&outcome=issued&q=paged&per_page=3" + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.Equal(7, page.GetProperty("total").GetInt32());
            walked.AddRange(Ids(page));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null && walked.Count <= ids.Count);
        Assert.Equal(ids, walked);
        Assert.Equal(ids[3..6], Ids(await server.GetAsync("/api/v1/audit?action=scep_pkcsreq&outcome=issued&q=paged&per_page=3&page=2")));

        var one = Assert.Single(
            (await server.GetAsync($"/api/v1/audit?serial={serial.ToUpperInvariant()}")).GetProperty("data").EnumerateArray());
        Assert.Equal(ids[0], one.GetProperty("id").GetString());
        Assert.Equal(one.GetRawText(), (await server.GetAsync($"/api/v1/audit/{ids[0]}")).GetRawText());
        var none = await server.GetAsync("/api/v1/audit?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00%2B01:00");
        Assert.Equal((0, JsonValueKind.Array), (none.GetProperty("total").GetInt32(), none.GetProperty("data").ValueKind));
        Assert.Equal(0, (await server.GetAsync("/api/v1/audit?q=%25")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task An_export_has_every_event_of_the_filter_and_its_spreadsheet_runs_no_formula()
    {
        using var wire = server.Host.Connect();
        var device = ScepDevice.Shared();
        foreach (var (subject, transaction) in new[] { ("CN=exported", "=1+1"), ("CN=\"exported, twice\"", "TX-2") })
        {
            var request = await wire.RequestAsync(device.Csr(subject, server.Host.Challenge), device);
            (await wire.SendAsync(request.Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transaction)).Build()))
                .Issued(device);
        }

        const string Query = "outcome=issued&q=exported";
        var listed = await server.GetAsync($"/api/v1/audit?{Query}");
        Assert.Equal(2, listed.GetProperty("total").GetInt32());
        var lines = (await server.TextAsync($"/api/v1/audit/export?{Query}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(listed.GetProperty("data").EnumerateArray().Select(row => row.GetRawText()), lines);

        var (media, csv) = await server.AnswerAsync(HttpMethod.Get, $"/api/v1/audit/export?{Query}&format=csv", HttpStatusCode.OK);
        Assert.Equal("text/csv", media);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["audit.csv"], csv);
        var read = ExternalTool.RunIn(folder.Path, "/usr/bin/python3", "-c",
            "import csv,json;print(json.dumps(list(csv.DictReader(open('audit.csv',newline='')))))").MustSucceed();
        var rows = JsonDocument.Parse(read.Output).RootElement.EnumerateArray().ToList();
        Assert.Equal(
            listed.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("id").GetString()),
            rows.Select(row => row.GetProperty("id").GetString()));
        Assert.Equal(
            listed.GetProperty("data")[0].GetProperty("details").GetProperty("subject").GetString(),
            rows[0].GetProperty("subject").GetString());
        Assert.Equal(["TX-2", "'=1+1"], rows.Select(row => row.GetProperty("transaction_id").GetString()));
        await server.SendAsync(HttpMethod.Get, "/api/v1/audit/export?format=xml", ApiServer.Auditor, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("acton=x", "acton")]
    [InlineData("page=0", "page")]
    [InlineData("page=-1", "page")]
    [InlineData("page=two", "page")]
    [InlineData("per_page=501", "per_page")]
    [InlineData("page=1000000", "page")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("outcome=maybe", "outcome")]
    [InlineData("outcome=1", "outcome")]
    [InlineData("serial=xyz", "serial")]
    [InlineData("from=yesterday", "from")]
    [InlineData("to=12", "to")]
    [InlineData("from=2026-11-27T08:00:00", "from")]
    [InlineData("action=no_such", "action")]
    [InlineData("reason=no_such", "reason")]
    [InlineData("resource_type=laptop", "resource_type")]
    [InlineData("actor=a&actor=b", "actor")]
    public async Task A_query_that_cannot_be_read_is_a_400_that_names_the_field_and_never_a_default(string query, string field)
    {
        var problem = await server.SendAsync(HttpMethod.Get, $"/api/v1/audit?{query}", ApiServer.Auditor, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task What_is_no_id_is_not_found() =>
        await server.SendAsync(HttpMethod.Get, "/api/v1/audit/scep-profile", ApiServer.Auditor, HttpStatusCode.NotFound);

    [Fact]
    public async Task An_operator_approves_what_waits_and_the_trail_names_him()
    {
        await using var host = await CertctlHost.PrepareAsync(null, ("CERTCTL_API_KEYS_NAMED", $"olga:{ApiServer.Operator}:operator"));
        await host.Database.RequireApprovalAsync();
        await host.StartAgainAsync();
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        var request = (await wire.RequestAsync(device.Csr("CN=patient", host.Challenge), device)).Build();
        (await wire.SendAsync(request)).MustWait("TX-1");
        using var http = ScepWire.NewClient(host.CaFile);
        http.DefaultRequestHeaders.Authorization = new("Bearer", ApiServer.Operator);
        var queue = JsonDocument.Parse(await http.GetStringAsync(new Uri(host.Url, "/api/v1/approvals"))).RootElement;
        Assert.Equal(1, queue.GetProperty("total").GetInt32());
        var id = queue.GetProperty("data")[0].GetProperty("id").GetString();
        Assert.Equal("CN=patient", queue.GetProperty("data")[0].GetProperty("subject").GetString());

        using var malformed = await http.PostAsync(new Uri(host.Url, $"/api/v1/approvals/{id}/approve"), ApiServer.Json(new { note = 7 }));
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        using var approved = await http.PostAsync(
            new Uri(host.Url, $"/api/v1/approvals/{id}/approve"), ApiServer.Json(new { note = "called back" }));
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        using var again = await http.PostAsync(new Uri(host.Url, $"/api/v1/approvals/{id}/deny"), content: null);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        (await wire.SendAsync(request)).Issued(device);
        var act = JsonDocument.Parse(await http.GetStringAsync(new Uri(host.Url, "/api/v1/audit?action=approve_enrolment"))).RootElement
            .GetProperty("data")[0];
        Assert.Equal(
            ("olga", "REST API: called back"),
            (act.GetProperty("actor").GetString(), act.GetProperty("details").GetProperty("detail").GetString()));
    }

    private static List<string> Ids(JsonElement page) =>
        [.. page.GetProperty("data").EnumerateArray().Select(row => row.GetProperty("id").GetString()!)];
}
