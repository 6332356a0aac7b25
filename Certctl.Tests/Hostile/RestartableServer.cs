using System.Diagnostics;
using System.Text.Json;
using Certctl.Tests.Conformance;

namespace Certctl.Tests.Hostile;

/// <summary>The real executable on one data folder and one database, to be killed and started again; every start keeps folder, keys and port.</summary>
internal sealed class RestartableServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certctl-hostile-");
    private readonly string? _postgresUrl;
    private readonly List<string> _log = [];
    private Process? _process;
    private int _port;

    private RestartableServer(string? postgresUrl) => _postgresUrl = postgresUrl;

    public Uri Url => new($"https://localhost:{_port}");

    public string Data => Path.Combine(_folder.FullName, "data");

    public string CaFile => Path.Combine(Data, "ca.crt");

    public string DatabaseFile => Path.Combine(Data, "certctl.db");

    public string Challenge { get; private set; } = "";

    public int ProcessId => _process!.Id;

    /// <summary>All that it has logged, over all starts.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    public static async Task<RestartableServer> StartAsync(string? postgresUrl)
    {
        var server = new RestartableServer(postgresUrl);
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "certctl.dll"), "quickstart", "--data", Data, "--port", $"{_port}", "--ca-key", "rsa-2048", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (_postgresUrl is not null)
            start.Environment["CERTCTL_DATABASE_URL"] = _postgresUrl;
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
                _log.Add(line.Data ?? "");
        };
        _process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        var announced = await _process.StandardOutput.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException($"The server did not start: {Log}");
        var json = JsonDocument.Parse(announced).RootElement;
        _port = new Uri(json.GetProperty("url").GetString()!).Port;
        Challenge = json.GetProperty("challenge").GetString()!;
    }

    public ScepWire Connect() => new(Url, CaFile);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{ProcessId}"]))
            await kill.WaitForExitAsync();
        using var patience = new CancellationTokenSource(Patience);
        await _process!.WaitForExitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            try
            {
                if (!process.HasExited)
                    await KillAsync();
            }
            catch (InvalidOperationException)
            {
                // Killed and disposed by the test already.
            }
        }

        _folder.Delete(recursive: true);
    }
}
