using System.Text.Json.Nodes;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary><c>certctl approvals list|approve|deny</c> beside a running server, and what its devices see.</summary>
public sealed class ApprovalVerbTests : IAsyncLifetime
{
    private const string PaulsKey = "pauls-key-0123456789abcdef0123456789";

    private CertctlHost? _host;

    private CertctlHost Host => _host!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null, ("CERTCTL_API_KEYS_NAMED", $"paul:{PaulsKey}:operator"));
        await Host.Database.RequireApprovalAsync(approvals: 2);
        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    [Fact]
    [Trait("Conformance", "S-S9")]
    public async Task A_request_waits_for_two_approvals_and_survives_a_kill_between_them()
    {
        var device = ScepDevice.Shared();
        byte[] request;
        using (var wire = Host.Connect())
        {
            Assert.Equal("No request waits.\n", (await CommandLine.RunAsync(Settings, ["approvals", "list"])).MustSucceed().Output);
            request = (await wire.RequestAsync(device.Csr("CN=patient", Host.Challenge, "patient.example.com"), device)).Build();
            Assert.Equal("3", (await wire.SendAsync(request)).Status);
        }

        var row = await OnlyAsync();
        var id = (string)row["id"]!;
        Assert.Equal(
            ("CN=patient", "RSA-2048", "pending", 2),
            ((string)row["subject"]!, (string)row["key_algorithm"]!, (string)row["state"]!, (int)row["approvals_required"]!));
        Assert.Equal("127.0.0.1", ((string)row["source_address"]!).Replace("::ffff:", "", StringComparison.Ordinal));
        Assert.Contains(id, (await ApprovalsAsync("list")).MustSucceed().Output, StringComparison.Ordinal);

        Assert.Equal(
            $"{id} approval 1 of 2; it still waits.\n",
            (await ApprovalsAsync("approve", id, "--actor", "olga", "--note", "known device")).MustSucceed().Output);
        var twice = await ApprovalsAsync("approve", id, "--actor", "olga");
        Assert.Equal((1, ""), (twice.ExitCode, twice.Output));
        Assert.Contains("olga has decided", twice.Error, StringComparison.Ordinal);

        // Any name can be given; the system's account is the same, so it is no second operator.
        var renamed = await ApprovalsAsync("approve", id, "--actor", "paul");
        Assert.Equal((1, ""), (renamed.ExitCode, renamed.Output));
        Assert.Contains(
            $"olga has decided about this request before, and {Environment.UserName} answers for both",
            renamed.Error,
            StringComparison.Ordinal);
        await Host.KillAsync();
        await Host.StartAgainAsync();
        using var after = Host.Connect();
        using var approval = new HttpRequestMessage(HttpMethod.Post, new Uri(Host.Url, $"/api/v1/approvals/{id}/approve"));
        approval.Headers.Authorization = new("Bearer", PaulsKey);
        (await after.Http.SendAsync(approval)).EnsureSuccessStatusCode();
        Assert.Equal("CN=patient", (await after.SendAsync(request)).Issued(device).Subject);
        Assert.Equal("issued", (string)Assert.Single((await ListAsync("--all")))!["state"]!);
        Assert.Empty(await ListAsync());
        Assert.Contains("no longer: it is issued", (await ApprovalsAsync("deny", id)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_decided_is_said()
    {
        var unknown = await ApprovalsAsync("approve", Guid.Empty.ToString());
        Assert.Equal((1, ""), (unknown.ExitCode, unknown.Output));
        Assert.Contains("There is no request", unknown.Error, StringComparison.Ordinal);
        var refused = await ApprovalsAsync("approve", Guid.Empty.ToString(), "--actor", " ", "--note", new string('x', 1001));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("actor:", refused.Error, StringComparison.Ordinal);
        Assert.Contains("note:", refused.Error, StringComparison.Ordinal);
        Assert.Contains(
            "actor:", (await ApprovalsAsync("approve", Guid.Empty.ToString(), "--actor", "alice\u200B")).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await ApprovalsAsync("approve", "no-id")).ExitCode);
    }

    private async Task<JsonNode> OnlyAsync() => Assert.Single(await ListAsync())!;

    private async Task<JsonArray> ListAsync(params string[] options) =>
        JsonNode.Parse((await ApprovalsAsync(["list", "--json", .. options])).MustSucceed().Output)!.AsArray();

    private Task<ToolRun> ApprovalsAsync(params string[] arguments) =>
        CommandLine.RunHereAsync(Settings, ["approvals", .. arguments]);

    private Dictionary<string, string> Settings => new() { ["CERTCTL_DATABASE_URL"] = Host.DatabaseUrl };
}
