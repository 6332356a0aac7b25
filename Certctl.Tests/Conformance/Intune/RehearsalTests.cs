using System.Text.Json;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>The rehearsal of docs/intune.md with the verbs alone: a connector, a server that believes it, a device.</summary>
public sealed class RehearsalTests : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TemporaryFolder _folder = new();

    private string Connector => _folder["connector"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_the_handbook_says_enrols_a_device_and_openssl_reads_the_connector()
    {
        var sim = await CommandLine.RunAsync(Nothing, [
            "intune", "sim", "--folder", Connector, "--subject", "device-guid-1", "--device-name", "device-1", "--dns",
            "device-1.example",
        ]);
        Assert.True(sim.ExitCode == 0, sim.All);
        Assert.Contains("INTUNE_CONNECTOR_CERT_PATH=", sim.Error, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Connector, "connector.key")));
        await File.WriteAllTextAsync(_folder["challenge.txt"], sim.Output);
        var x509 = ExternalTool.RunIn(Connector, "openssl", "x509", "-in", "connector.pem", "-noout", "-subject");
        Assert.True(x509.Output.Contains("Rehearsal connector", StringComparison.Ordinal), x509.All);

        await using var host = await CertctlHost.StartAsync(null, IntuneServers.Settings(Path.Combine(Connector, "connector.pem")));
        var client = new Dictionary<string, string> { ["CERTCTL_SCEP_URL"] = $"{host.Url}scep", ["CERTCTL_CA_FILE"] = host.CaFile };
        string[] enroll =
            ["scep", "enroll", "--subject", "CN=device-1", "--dns", "device-1.example", "--challenge-file", _folder["challenge.txt"]];
        var first = await CommandLine.RunAsync(client, [.. enroll, "--out", _folder["device"]]);
        Assert.True(first.ExitCode == 0, first.All);
        Assert.Contains(
            "OK",
            ExternalTool.RunIn(_folder["device"], "openssl", "verify", "-CAfile", host.CaFile, "device.crt").Output,
            StringComparison.Ordinal);

        // Another key: another request.
        var second = await CommandLine.RunAsync(client, [.. enroll, "--out", _folder["thief"]]);
        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains("has been used for another request", second.All, StringComparison.Ordinal);
        Assert.DoesNotContain(sim.Output.Trim(), second.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_defect_says_what_is_to_be_expected_and_the_connector_stays_the_same()
    {
        var made = await CommandLine.RunAsync(
            Nothing, ["intune", "sim", "--folder", Connector, "--subject", "s", "--alg", "rs256", "--json"]);
        Assert.True(made.ExitCode == 0, made.All);
        Assert.Equal("success", JsonDocument.Parse(made.Output).RootElement.GetProperty("expected").GetString());
        var pem = await File.ReadAllTextAsync(Path.Combine(Connector, "connector.pem"));
        var defect = await CommandLine.RunAsync(Nothing, ["intune", "sim", "--folder", Connector, "--subject", "s", "--defect", "expired"]);
        Assert.Equal((0, "certctl intune sim: expect expired\n"), (defect.ExitCode, defect.Error));
        Assert.Equal(pem, await File.ReadAllTextAsync(Path.Combine(Connector, "connector.pem")));
    }

    [Theory]
    [InlineData("--alg is es256 or rs256", "--alg", "hs256")]
    [InlineData("--defect is one of der-signature, bad-signature", "--defect", "everything")]
    [InlineData("--minutes is a number from 1 to 1440", "--minutes", "0")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_made(string said, string option, string value)
    {
        var run = await CommandLine.RunAsync(Nothing, ["intune", "sim", "--folder", Connector, "--subject", "s", option, value]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"certctl intune sim: {said}", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Connector));
    }
}
