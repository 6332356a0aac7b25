using System.Text.Json.Nodes;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Hostile;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary><c>certctl profiles list|show|put</c> on the database of a running server.</summary>
public sealed class ProfileVerbTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task What_show_prints_put_takes_again_and_the_running_server_goes_by_it_at_once()
    {
        await using var serving = await CommandLine.ServeAsync(folder.Settings());
        using var wire = serving.Connect(folder.CaFile);
        var device = ScepDevice.Shared();
        async Task<CertRepReading> EnrolAsync(string subject) =>
            await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, OperatorFolder.Challenge), device)).Build());
        var before = (await EnrolAsync("CN=before the change")).Issued(device);

        var shown = JsonNode.Parse((await ProfilesAsync("show", "default")).MustSucceed().Output)!;
        Assert.Equal(("default", true, 1), ((string)shown["id"]!, (bool)shown["enabled"]!, (int)shown["version"]!));
        shown["max_ttl_seconds"] = 86400;
        await File.WriteAllTextAsync(folder.Path("profile.json"), shown.ToJsonString());
        Assert.Equal("default replaced.\n", (await ProfilesAsync("put", folder.Path("profile.json"))).MustSucceed().Output);
        var after = (await EnrolAsync("CN=after the change")).Issued(device);
        Assert.True(before.NotAfter - before.NotBefore > TimeSpan.FromDays(80));
        Assert.True(after.NotAfter - DateTime.Now < TimeSpan.FromDays(1));

        shown["enabled"] = false;
        (await PutAsync(shown)).MustSucceed();
        (await EnrolAsync("CN=while disabled")).MustFail("2");
        Assert.Contains("disabled v3", (await ProfilesAsync("list")).MustSucceed().Output, StringComparison.Ordinal);
        var doctor = (await CommandLine.RunAsync(folder.Settings(), ["doctor"])).MustSucceed();
        Assert.Contains("warn  certificate profile \"default\": it is disabled", doctor.Output, StringComparison.Ordinal);

        shown["enabled"] = true;
        shown["max_ttl_seconds"] = 0;
        (await PutAsync(shown)).MustSucceed();
        (await EnrolAsync("CN=enabled again")).Issued(device);
        var audited = await new RowCounter(null, folder.Host.DatabaseFile).CountAsync(
            "SELECT COUNT(*) FROM audit_events WHERE action = 'update_profile' AND resource_id = 'default' AND actor_type = 'User' AND "
            + "actor <> '' AND detail LIKE '%max_ttl_seconds%'");
        Assert.Equal(3, audited);
    }

    [Fact]
    public async Task A_new_profile_is_created_from_standard_input_and_listed()
    {
        var run = await PutAsync(New("strict", "Strict"));
        Assert.Equal("strict created.\n", run.MustSucceed().Output);
        Assert.Contains(
            (await CommandLine.RunAsync(folder.Settings(), ["profiles", "list"])).Output.Split('\n'),
            line => line.StartsWith("strict ", StringComparison.Ordinal) && line.EndsWith("v1    Strict", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_could_not_be_enforced_or_understood_is_refused_with_every_reason_and_nothing_is_stored()
    {
        var unknown = New("unknown", "Unknown key");
        unknown["max_ttl_second"] = 60;
        var unenforceable = New("bad", "Bad");
        unenforceable["allowed_ekus"] = new JsonArray("everything");
        unenforceable["max_ttl_seconds"] = -1;
        unenforceable["required_san_patterns"] = new JsonArray("(");
        var algorithm = New("alg", "Algorithm");
        algorithm["allowed_key_algorithms"] = new JsonArray(new JsonObject { ["algorithm"] = "DSA", ["min_size"] = 2048 });
        var spelling = New("rsa", "Spelling");
        spelling["allowed_key_algorithms"] = new JsonArray(new JsonObject { ["algorithm"] = "rsa", ["min_size"] = 2048 });
        await MustRefuseAsync(spelling.ToJsonString(), "\"rsa\" is none of RSA, ECDSA, Ed25519");
        await MustRefuseAsync(unknown.ToJsonString(), "max_ttl_second");
        await MustRefuseAsync(unenforceable.ToJsonString(), "everything", "max_ttl_seconds", "required_san_patterns");
        await MustRefuseAsync(algorithm.ToJsonString(), "DSA");
        await MustRefuseAsync("null", "null");
        await MustRefuseAsync("{", "not a profile");
        await MustRefuseAsync(New("other-id", "Default device profile").ToJsonString(), "Default device profile");

        var missing = await ProfilesAsync("put", folder.Path("nothing.json"));
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("nothing.json", missing.Error, StringComparison.Ordinal);
        var list = (await ProfilesAsync("list")).MustSucceed().Output;
        Assert.All(["unknown", "bad", "alg", "other-id"], id => Assert.DoesNotContain($"{id} ", list, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_profile_that_is_not_there_is_said()
    {
        var run = await ProfilesAsync("show", "nowhere");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("nowhere", run.Error, StringComparison.Ordinal);
    }

    private async Task MustRefuseAsync(string json, params string[] reasons)
    {
        await File.WriteAllTextAsync(folder.Path("refused.json"), json);
        var run = await ProfilesAsync("put", folder.Path("refused.json"));
        Assert.Equal(1, run.ExitCode);
        Assert.All(reasons, reason => Assert.Contains(reason, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    private static JsonObject New(string id, string name) => new()
    {
        ["id"] = id,
        ["name"] = name,
        ["allowed_key_algorithms"] = new JsonArray(new JsonObject { ["algorithm"] = "RSA", ["min_size"] = 2048 }),
        ["allowed_ekus"] = new JsonArray("clientAuth"),
    };

    private Task<ToolRun> PutAsync(JsonNode profile) =>
        CommandLine.RunAsync(folder.Settings(), ["profiles", "put", "-"], profile.ToJsonString());

    private Task<ToolRun> ProfilesAsync(params string[] arguments) =>
        CommandLine.RunHereAsync(folder.Settings(), ["profiles", .. arguments]);
}
