using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Architecture;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Measure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>
/// samples/Integrator at the real server: the script and the program that is generated from the reference do the same tasks and print the
/// same.
/// </summary>
public sealed class IntegratorTests(ApiServer server) : IClassFixture<ApiServer>
{
    // Whole seconds, as certificates have.
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
    private static readonly ListSeed Seed = new(Now, 1200, 3000);
    private static readonly string[] Script = [Path.Combine(SourceTree.Root, "samples", "Integrator", "integrator.sh")];
    private static readonly string[] Program = ["dotnet", SampleProgram.Path("Integrator")];

    [Fact]
    public async Task Both_go_through_lists_of_many_pages_and_revoke_and_say_why_they_may_not()
    {
        if (!ExternalTool.AllPresent("/usr/bin/curl", "/usr/bin/jq"))
            return;
        await FillAsync();
        string[] active = [.. Seed.Certificates.Where(certificate => !certificate.IsRevoked && certificate.NotAfter > Now)
            .OrderByDescending(certificate => certificate.CreatedAt).Select(Line)];
        string[] soon =
            [.. active.Where(line => DateTimeOffset.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture) < Now.AddDays(400))];
        Assert.True(active.Length > 500 && soon.Length is > 50 and < 500);
        BothPrint(active, "expiring", "800");
        BothPrint(soon, "expiring", "400");

        var refused = Seed.Events.Where(audit => audit.Outcome == AuditOutcome.Refused)
            .ToLookup(audit => audit.Reason!, audit => (long)audit.Count);
        BothPrint(
            [.. refused.OrderBy(reason => reason.Key, StringComparer.Ordinal).Select(reason => $"{reason.Key}\t{reason.Sum()}")],
            "refused",
            "10000");

        foreach (var (run, serial) in new[]
        {
            (RunScript, active[0].Split('\t')[0]),
            ((Func<string, string[], ToolRun>)RunProgram, active[1].Split('\t')[0]),
        })
        {
            Assert.Equal((0, "revoked\n"), Told(run(ApiServer.Operator, ["revoke", serial, "keyCompromise"])));
            Assert.Equal(
                "keyCompromise", (await server.GetAsync($"/api/v1/certificates/{serial}")).GetProperty("revocation_reason").GetString());
            Refused(409, run(ApiServer.Operator, ["revoke", serial, "keyCompromise"]));

            // The script asks the server; in the program the document's enumeration knows it.
            if (run == RunScript)
                Refused(400, run(ApiServer.Operator, ["revoke", serial, "boredom"]));
            else
                Assert.True(run(ApiServer.Operator, ["revoke", serial, "boredom"]) is { ExitCode: 1, Output: "" });
            Refused(403, run(ApiServer.Auditor, ["revoke", serial, "keyCompromise"]));
            Refused(401, run("no-such-key", ["expiring", "1"]));
            Assert.Equal(2, run(ApiServer.Auditor, ["explode"]).ExitCode);

            await server.SendAsync(HttpMethod.Post, "/api/v1/profiles", ApiServer.Admin, HttpStatusCode.Created, ApiServer.Json(new
            {
                id = "integrated",
                name = "Integrated",
                allowed_key_algorithms = new[] { new { algorithm = "RSA", min_size = 2048 } },
                allowed_ekus = new[] { "clientAuth" },
            }));
            Assert.Equal((0, "7200\n"), Told(run(ApiServer.Admin, ["profile-ttl", "integrated", "7200"])));
            Refused(403, run(ApiServer.Operator, ["profile-ttl", "integrated", "7200"]));
            Refused(404, run(ApiServer.Admin, ["profile-ttl", "nowhere", "7200"]));
            Assert.Equal((0, "deleted\n"), Told(run(ApiServer.Admin, ["profile-delete", "integrated"])));
            await server.SendAsync(HttpMethod.Get, "/api/v1/profiles/integrated", ApiServer.Admin, HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public void A_server_of_another_CA_gets_no_key()
    {
        if (!ExternalTool.AllPresent("/usr/bin/curl", "/usr/bin/jq"))
            return;
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["ca.crt"], TestConnector.Ec().Pem);
        foreach (var run in new[] { RunScript, (Func<string, string[], string, ToolRun>)RunProgram })
        {
            var failed = run(ApiServer.Auditor, ["expiring", "1"], folder["ca.crt"]);
            Assert.NotEqual(0, failed.ExitCode);
            Assert.Equal("", failed.Output);
            Assert.Matches("(?i)certificate", failed.Error);
        }
    }

    [Fact]
    public void Without_TLS_no_request_is_sent()
    {
        if (!ExternalTool.AllPresent("/usr/bin/curl", "/usr/bin/jq"))
            return;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        foreach (var command in new[] { Script, Program })
        {
            var failed = Run(url, ApiServer.Auditor, server.Host.CaFile, [.. command, "expiring", "1"]);
            Assert.NotEqual(0, failed.ExitCode);
            Assert.Equal("", failed.Output);
            Assert.NotEqual("", failed.Error);
        }

        Assert.False(listener.Pending());
    }

    private async Task FillAsync()
    {
        await using var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        await Seed.FillAsync(db);
    }

    private static string Line(IssuedCertificate certificate) => $"{certificate.SerialNumber}\t"
        + $"{certificate.NotAfter.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}\t{certificate.CommonName}";

    private void BothPrint(string[] lines, params string[] errand)
    {
        var expected = (0, string.Concat(lines.Select(line => line + "\n")));
        Assert.Equal(expected, Told(RunScript(ApiServer.Auditor, errand)));
        Assert.Equal(expected, Told(RunProgram(ApiServer.Auditor, errand)));
    }

    private static (int Code, string Output) Told(ToolRun run)
    {
        Assert.Equal("", run.Error);
        return (run.ExitCode, run.Output);
    }

    private static void Refused(int status, ToolRun run)
    {
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Matches($@"^{status} .+ \(request [0-9a-f-]{{36}}\)\n\z", run.Error);
    }

    private ToolRun RunScript(string key, string[] errand) => RunScript(key, errand, server.Host.CaFile);

    private ToolRun RunScript(string key, string[] errand, string caFile) => Run(server.Host.Url, key, caFile, [.. Script, .. errand]);

    private ToolRun RunProgram(string key, string[] errand) => RunProgram(key, errand, server.Host.CaFile);

    private ToolRun RunProgram(string key, string[] errand, string caFile) => Run(server.Host.Url, key, caFile, [.. Program, .. errand]);

    private static ToolRun Run(Uri url, string key, string caFile, string[] command) =>
        ExternalTool.Run("env", [$"CERTCTL_URL={url}", $"CERTCTL_CA_FILE={caFile}", $"CERTCTL_API_KEY={key}", .. command]);
}
