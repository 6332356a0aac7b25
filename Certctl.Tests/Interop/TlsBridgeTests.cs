using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>The bridge of docs/clients.md is a configuration that HAProxy accepts, and one that verifies the server.</summary>
public sealed class TlsBridgeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certctl-bridge-");

    [Fact]
    public void The_documented_bridge_is_valid_and_insists_on_TLS_1_3_and_a_verified_name()
    {
        if (!ExternalTool.AllPresent(TlsBridge.HaProxy, "/usr/bin/openssl"))
            return;
        var ca = Path.Combine(_folder.FullName, "ca.crt");
        ExternalTool.Run(
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=CA", "-keyout",
            Path.Combine(_folder.FullName, "ca.key"), "-out", ca).MustSucceed();

        var path = TlsBridge.WriteConfiguration(_folder.FullName, 8080, 8443, ca);

        ExternalTool.Run(TlsBridge.HaProxy, "-c", "-f", path).MustSucceed();
        var server = File.ReadLines(path).Single(line => line.Contains(" ssl ", StringComparison.Ordinal));
        Assert.All(["force-tlsv13", "verify required", "verifyhost localhost", $"ca-file {ca}"], word => Assert.Contains(
            word, server, StringComparison.Ordinal));
    }

    [Fact]
    public void A_bridge_without_its_CA_file_is_not()
    {
        if (!ExternalTool.AllPresent(TlsBridge.HaProxy))
            return;

        var path = TlsBridge.WriteConfiguration(_folder.FullName, 8080, 8443, Path.Combine(_folder.FullName, "absent.crt"));

        Assert.NotEqual(0, ExternalTool.Run(TlsBridge.HaProxy, "-c", "-f", path).ExitCode);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
