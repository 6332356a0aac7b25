using System.Text.Json;
using Certctl.Domain.Audit;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>
/// Every part that can be reloaded, bad and then good, by SIGHUP and by REST: kept and then exchanged as seen from outside, one audit event
/// each, and all other parts as they were. The password of the database: <see cref="SecretReloadTests"/>.
/// </summary>
public sealed class ReloadMatrixTests(ReloadMatrix server) : IClassFixture<ReloadMatrix>
{
    private static readonly string[] Secrets = ["challenge", "api_keys", "metrics_token", "compliance_token"];

    public static TheoryData<string, string?, bool> Parts
    {
        get
        {
            (string Part, string? PathId)[] parts =
            [
                ("tls", null), ("ra_pairs", "a"), ("mtls_trust", "a"), ("intune_trust", "a"), ("next_ca", null), ("challenge", "a"),
                ("retired_cas", null), ("api_keys", null),
                ("metrics_token", null), ("compliance_client", "b"), ("compliance_token", "c"), ("compliance_ca", "d"), ("oidc_ca", null),
            ];
            var data = new TheoryData<string, string?, bool>();
            foreach (var (part, pathId) in parts)
            {
                data.Add(part, pathId, false);
                data.Add(part, pathId, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task A_bad_part_is_kept_and_a_good_one_exchanged_each_with_one_event_and_the_others_stay(
        string part, string? pathId, bool byRest)
    {
        var seen = new HashSet<Guid>();
        await server.EventsAsync(seen, part, 0);
        var version = server.VersionOf(part);
        var (before, others) = (await server.ViewAsync(part, version), await server.OthersAsync(part));

        server.Break(part);
        var refused = await server.ReloadAsync(byRest, isGood: false);
        var line = await OnlyEventAsync(seen, part, pathId, byRest);
        Assert.Equal(AuditOutcome.Refused, line.Outcome);
        var kept = part == "intune_trust" ? "the old ones stay in use: " : "the old one stays in use: ";
        Assert.Contains(kept, line.Detail, StringComparison.Ordinal);
        Assert.Equal(before, await server.ViewAsync(part, version));
        if (refused is not null)
        {
            var row = Assert.Single(refused);
            Assert.Equal((part, pathId, "refused"), (Text(row, "name"), Text(row, "path_id"), Text(row, "result")));
            Assert.Equal((null, null), (Text(row, "old_fingerprint"), Text(row, "new_fingerprint")));
            Assert.EndsWith(Text(row, "reason")!, line.Detail, StringComparison.Ordinal);
        }

        server.Write(part);
        var exchanged = await server.ReloadAsync(byRest, isGood: true);
        line = await OnlyEventAsync(seen, part, pathId, byRest);
        Assert.Equal(AuditOutcome.Done, line.Outcome);
        Assert.NotEqual(before, await server.ViewAsync(part, version));
        Assert.Equal(others, await server.OthersAsync(part));
        if (exchanged is null)
            return;
        var changed = Assert.Single(exchanged);
        Assert.Equal((part, pathId, "exchanged"), (Text(changed, "name"), Text(changed, "path_id"), Text(changed, "result")));
        Assert.Null(Text(changed, "reason"));
        Assert.Equal(Secrets.Contains(part), Text(changed, "old_fingerprint") is null);
        if (Secrets.Contains(part))
            Assert.EndsWith(": the secret changed", line.Detail, StringComparison.Ordinal);
        else
            Assert.Contains(Text(changed, "new_fingerprint")!.Split(", ")[0], line.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CA_that_is_as_it_was_keeps_its_OCSP_responder_and_its_CRL_when_what_is_beside_it_is_exchanged()
    {
        var before = await server.StatusAsync();
        Assert.Equal("OK", before[2]);
        server.Write("retired_cas");
        server.WriteNextRa();
        var exchanged = await server.ReloadAsync(byRest: true, isGood: true);
        var after = await server.StatusAsync();
        Assert.Equal(["next_ca", "retired_cas"], exchanged!.Select(row => Text(row, "name")).Order(StringComparer.Ordinal));
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task Of_two_reloads_at_once_one_exchanges_and_the_other_finds_nothing_new()
    {
        var seen = new HashSet<Guid>();
        await server.EventsAsync(seen, "metrics_token", 0);
        server.Write("metrics_token");
        var answers = await Task.WhenAll(server.ReloadAsync(byRest: true, isGood: true), server.ReloadAsync(byRest: true, isGood: true));
        Assert.Equal([0, 1], answers.Select(parts => parts!.Count).Order());
        await OnlyEventAsync(seen, "metrics_token", null, byRest: true);
    }

    private async Task<AuditEvent> OnlyEventAsync(HashSet<Guid> seen, string part, string? pathId, bool byRest)
    {
        // Connectors have an event for each reload.
        var lines = await server.EventsAsync(seen, part, 1);
        var line = Assert.Single(lines, line => part == "intune_trust" || ReloadMatrix.PartOf(line) != "intune_trust");
        Assert.Equal((part, pathId), (ReloadMatrix.PartOf(line), line.PathId));
        Assert.Equal(byRest ? ("root", "User") : ("SIGHUP", "System"), (line.Actor, line.ActorType));
        Assert.StartsWith(byRest ? "REST API: " : "signal: ", line.Detail, StringComparison.Ordinal);
        return line;
    }

    private static string? Text(JsonElement row, string member) => row.GetProperty(member).GetString();
}
