using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Interop.RelyingPrograms;

/// <summary>A server of another project in the foreground, on a free port of loopback; it ends with the test.</summary>
internal sealed class BackgroundProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly List<string> _output = [];

    private BackgroundProgram(string folder, int port, string[] command)
    {
        Port = port;
        _process = ExternalTool.Start(folder, command[0], command[1..]);
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    /// <summary>All that it has said on both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <param name="command">Writes the configuration for this port and says what to start.</param>
    /// <param name="ready">What it says when it can be asked; null: it accepts connections.</param>
    public static async Task<BackgroundProgram> StartAsync(string folder, Func<int, string[]> command, string? ready = null)
    {
        // Another process may take a free port before it is bound here: another one then.
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort(ready is null ? ProtocolType.Tcp : ProtocolType.Udp);
            var program = new BackgroundProgram(folder, port, command(port));
            if (await program.IsReadyAsync(ready))
                return program;
            await program.DisposeAsync();
            if (attempt == 5)
                throw new InvalidOperationException($"{program._process.StartInfo.FileName} does not start: {program.Output}");
        }
    }

    /// <summary>A port of loopback that is free now.</summary>
    public static int FreePort(ProtocolType protocol)
    {
        using var socket = new Socket(protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(50, patience.Token);
    }

    /// <summary>Sends a signal by its short name.</summary>
    public void Signal(string name) => ExternalTool.Run("kill", $"-{name}", $"{_process.Id}").MustSucceed();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_output)
            _output.Add(line ?? "");
    }

    private async Task<bool> IsReadyAsync(string? ready)
    {
        await UntilAsync(() => _process.HasExited || (ready is null ? Accepts() : Output.Contains(ready, StringComparison.Ordinal)));
        return !_process.HasExited;
    }

    private bool Accepts()
    {
        using var probe = new TcpClient();
        try
        {
            probe.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            // Not yet.
            return false;
        }
    }
}
