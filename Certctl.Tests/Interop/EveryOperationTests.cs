using System.Text.Json.Nodes;
using Certctl.Tests.Architecture;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>
/// The client that Kiota generates from docs/openapi.json at each build does each operation of the document once at the real server.
/// </summary>
public sealed class EveryOperationTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Transaction = "every/1+2=3";

    [Fact]
    public async Task The_generated_client_performs_every_operation_of_the_document()
    {
        using var wire = server.Host.Connect();
        var certificate = (await wire.SendAsync(await MessageAsync(wire, ScepDevice.Shared(0), "CN=issued", Transaction)))
            .Issued(ScepDevice.Shared(0));
        await RequireApprovalAsync();
        (await wire.SendAsync(await MessageAsync(wire, ScepDevice.Shared(0), "CN=to approve", "every-2"))).MustWait("every-2");
        (await wire.SendAsync(await MessageAsync(wire, ScepDevice.Shared(1), "CN=to deny", "every-3"))).MustWait("every-3");
        var waiting = (await server.GetAsync("/api/v1/approvals")).GetProperty("data").EnumerateArray()
            .ToDictionary(row => row.GetProperty("transaction_id").GetString()!, row => row.GetProperty("id").GetString()!);

        var run = ExternalTool.Run("env",
        [
            $"CERTCTL_URL={server.Host.Url}", $"CERTCTL_CA_FILE={server.Host.CaFile}", $"CERTCTL_API_KEY={ApiServer.Admin}",
            "dotnet", SampleProgram.Path("Integrator"), "every-operation", waiting["every-2"], waiting["every-3"],
            certificate.SerialNumber.PadLeft(40, '0').ToLowerInvariant(), Transaction,
            $"https://127.0.0.1:{server.Host.Url.Port}/scep",
        ]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var documented = Conformance.Api.ReferenceTests.Operations(JsonNode.Parse(SourceTree.Read("docs/openapi.json"))!)
            .Select(operation => (string)operation.Operation["operationId"]!).ToList();
        Assert.True(documented.Count >= 35);
        Assert.Equal(
            documented.Order(StringComparer.Ordinal),
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private async Task<byte[]> MessageAsync(ScepWire wire, ScepDevice device, string subject, string transaction) =>
        (await wire.RequestAsync(device.Csr(subject, server.Host.Challenge), device))
            .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable(transaction)).Build();

    private async Task RequireApprovalAsync()
    {
        var profile = JsonNode.Parse((await server.GetAsync("/api/v1/profiles/default")).GetRawText())!.AsObject();
        profile["requires_approval"] = true;
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(server.Host.Url, "/api/v1/profiles/default"))
        {
            Content = ApiServer.Json(profile),
        };
        request.Headers.Authorization = new("Bearer", ApiServer.Admin);
        request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
        (await server.Http.SendAsync(request)).EnsureSuccessStatusCode();
    }
}
