using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Certctl.Tests.Architecture;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Interop;

/// <summary>
/// HAProxy on loopback for clients that speak plain HTTP or TLS 1.2 only: in front that, behind it TLS 1.3 to the server, whose certificate
/// and name it verifies. The configuration is that of docs/clients.md, so what a reader copies is what is tested.
/// </summary>
internal sealed class TlsBridge : IDisposable
{
    public const string HaProxy = "/usr/sbin/haproxy";

    private readonly Process _process;
    private readonly Task<string> _output;

    private TlsBridge(Process process, string url)
    {
        _process = process;
        _output = process.StandardError.ReadToEndAsync();
        Url = url;
    }

    /// <summary>Without a path.</summary>
    public string Url { get; }

    /// <param name="withTls">In front TLS from 1.2 on, with certificate and key in <c>front.pem</c> of the folder; else plain HTTP.</param>
    public static async Task<TlsBridge> StartAsync(string folder, Uri server, string caFile, bool withTls = false)
    {
        // Another process may take a free port before we bind it: ask again then.
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            var configuration = WriteConfiguration(folder, port, server.Port, caFile, withTls);
            var bridge = new TlsBridge(
                ExternalTool.Start(folder, HaProxy, ["-db", "-f", configuration]),
                withTls ? $"https://localhost:{port}" : $"http://127.0.0.1:{port}");
            if (await bridge.IsListeningAsync(port))
                return bridge;
            bridge.Dispose();
            if (attempt == 5)
                throw new InvalidOperationException($"HAProxy does not listen: {await bridge._output}");
        }
    }

    /// <summary>The block between <c>CFG</c> lines in docs/clients.md, with its addresses replaced.</summary>
    public static string WriteConfiguration(string folder, int port, int serverPort, string caFile, bool withTls = false)
    {
        var page = SourceTree.Read("docs/clients.md").Split('\n');
        var lines = page.SkipWhile(line => !line.EndsWith("<<CFG", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line != "CFG");
        if (withTls)
        {
            var front = page.Single(line => line.Contains("ssl crt front.pem", StringComparison.Ordinal));
            lines = lines.Select(line => line.Contains("bind ", StringComparison.Ordinal) ? front : line);
        }

        var text = string.Join('\n', lines)
            .Replace("127.0.0.1:8080", $"127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("127.0.0.1:8444", $"127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("${CERTCTL_URL#https://}", $"127.0.0.1:{serverPort}", StringComparison.Ordinal)
            .Replace("$CERTCTL_CA_FILE", caFile, StringComparison.Ordinal);
        var path = Path.Combine(folder, "bridge.cfg");
        File.WriteAllText(path, text + "\n");
        return path;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> IsListeningAsync(int port)
    {
        for (var i = 0; i < 100 && !_process.HasExited; i++)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return !_process.HasExited;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        return false;
    }
}
