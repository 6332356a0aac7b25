using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Certctl.Tests.Architecture;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>
/// The commands of README, docs/clients.md and docs/intune.md, pasted into bash. Only two things are exchanged: the build (<c>dotnet
/// run</c>) for the executable that the build made, and fixed ports for free ones.
/// </summary>
public sealed partial class DocumentedCommandsTests : IDisposable
{
    private const string ReadmeStart = "dotnet run --project Certctl.Api -v minimal -- quickstart";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();
    private Process? _server;

    public void Dispose()
    {
        foreach (var pid in Directory.GetFiles(_folder.Path, "bridge.pid", SearchOption.AllDirectories))
            ExternalTool.Run("kill", File.ReadAllText(pid).Trim());
        if (_server is { HasExited: false })
        {
            _server.Kill(entireProcessTree: true);
            _server.WaitForExit();
        }

        _server?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_two_commands_of_the_README_enrol_devices_that_openssl_verifies()
    {
        var blocks = Blocks("README.md");
        Assert.Equal(ReadmeStart, blocks[0].Trim());
        await StartAsync(Shell("certctl quickstart"));

        Paste(blocks[1], blocks[2]);

        Assert.True(File.Exists(_folder["device-1/device.crt"]));
        Assert.True(File.Exists(_folder["device-2/device.crt"]));
    }

    [Fact]
    public async Task The_strongSwan_blocks_of_docs_clients_work_against_quickstart_and_leave_nothing_in_the_clone()
    {
        if (!ExternalTool.AllPresent("/usr/bin/pki", "/usr/sbin/haproxy", "/usr/lib/ipsec/plugins/libstrongswan-curl.so"))
            return;
        var block = Assert.Single(Blocks("docs/clients.md"), block => block.Contains("pki --scepca", StringComparison.Ordinal));
        var est = Assert.Single(Blocks("docs/clients.md"), block => block.Contains("pki --estca", StringComparison.Ordinal));
        await StartAsync(Shell("CERTCTL_EST_BASE64_LINE_BREAKS=false certctl quickstart"));
        var before = Directory.GetFileSystemEntries(_folder.Path).Order().ToList();

        var run = Paste(block.Replace("127.0.0.1:8080", $"127.0.0.1:{FreePort()}", StringComparison.Ordinal));

        Assert.Contains("device.crt: OK", run.Output, StringComparison.Ordinal);
        Assert.Contains("next.crt: OK", Paste(est).Output, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path)
            .Where(path => !Path.GetFileName(path).StartsWith("tmp.", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task The_rehearsal_of_signed_challenges_works_as_docs_intune_has_it()
    {
        var blocks = Blocks("docs/intune.md");
        var start = Assert.Single(blocks, block => block.Contains("certctl intune sim", StringComparison.Ordinal));
        var enrol = Assert.Single(blocks, block => block.Contains("--challenge-file", StringComparison.Ordinal));
        await StartAsync(Shell(start));

        Paste(enrol);

        Assert.True(File.Exists(_folder["device-1/device.crt"]));
    }

    // Indented blocks are parts of lists.
    private static List<string> Blocks(string file) => [.. Fence().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value)];

    private static string Shell(string commands) => $$"""
        certctl() { dotnet '{{PublishedExecutable.Dll}}' "$@"; }
        {{commands}}
        """;

    /// <summary>Starts what ends in a quickstart, and waits until that has said how to go on.</summary>
    private async Task StartAsync(string script)
    {
        _server = ExternalTool.Start(_folder.Path, "env", ["CERTCTL_SERVER_PORT=0", "bash", "-euc", script]);
        _server.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        while (await _server.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("scep enroll", StringComparison.Ordinal))
                return;
        }

        Assert.Fail("quickstart ended before it served");
    }

    private ToolRun Paste(params string[] blocks) =>
        ExternalTool.RunIn(_folder.Path, "env", $"TMPDIR={_folder.Path}", "bash", "-euo", "pipefail", "-c", string.Join('\n', blocks))
            .MustSucceed();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
