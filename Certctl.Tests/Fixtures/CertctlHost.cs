using System.Diagnostics;
using System.Text.Json;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Extensions.DependencyInjection;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// The real executable under <c>quickstart --json</c> in a folder of its own, on a free port, with the database and the settings that the
/// test chooses. It can be stopped, killed and started again: folder, keys, database and port stay.
/// </summary>
internal sealed class CertctlHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certctl-host-");
    private readonly string? _postgres;
    private readonly List<string> _log = [];
    private readonly Lazy<ServiceProvider> _database;
    private Process? _process;
    private string _caKey = "rsa-2048";
    private int _port;

    private CertctlHost(string? postgres, (string Name, string Value)[] settings)
    {
        _postgres = postgres;
        Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        var (kind, connection) = postgres is null
            ? (DatabaseKind.Sqlite, $"Data Source={DatabaseFile}")
            : (DatabaseKind.PostgreSql, postgres);
        _database = new(() => new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System)
            .AddCertctlPersistence(kind, connection, 4).BuildServiceProvider());
    }

    /// <summary>Environment variables of the next start.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <summary>The command that runs the server's, with its arguments; empty: none.</summary>
    public IReadOnlyList<string> Parent { get; private init; } = [];

    /// <summary>The program that is started in place of the published executable, with the same arguments.</summary>
    public string Program { get; private init; } = "";

    public Uri Url => new($"https://localhost:{_port}");

    /// <summary>A folder for what the test writes; <see cref="Data"/> is in it.</summary>
    public string Folder => _folder.FullName;

    public string Data => Path.Combine(Folder, "data");

    public string CaFile => Path.Combine(Data, "ca.crt");

    /// <summary>For a setting of RA certificates: those that quickstart made.</summary>
    public string RaCertificates => $"{Path.Combine(Data, "ra-sign.crt")},{Path.Combine(Data, "ra.crt")}";

    /// <summary>Their keys.</summary>
    public string RaKeys => $"{Path.Combine(Data, "ra-sign.key")},{Path.Combine(Data, "ra.key")}";

    public string DatabaseFile => Path.Combine(Data, "certctl.db");

    /// <summary>For CERTCTL_DATABASE_URL.</summary>
    public string DatabaseUrl => _postgres is null ? $"sqlite://{DatabaseFile}" : PostgresFixture.UrlOf(_postgres);

    public string Challenge { get; private set; } = "";

    /// <summary>Of an admin.</summary>
    public string ApiKey { get; private set; } = "";

    public int ProcessId => _process!.Id;

    /// <summary>The server's database, through connections of the test's own.</summary>
    public ServiceProvider Database => _database.Value;

    /// <summary>All that it has logged, over all starts.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <param name="postgres">Npgsql's connection string of a database; null: a SQLite file in the server's folder.</param>
    /// <param name="settings">Further settings, as environment variables.</param>
    public static Task<CertctlHost> StartAsync(string? postgres, params (string Name, string Value)[] settings) =>
        StartAsync(new CertctlHost(postgres, settings));

    /// <summary>Likewise on SQLite, run by another command.</summary>
    public static Task<CertctlHost> StartUnderAsync(IReadOnlyList<string> parent, params (string Name, string Value)[] settings) =>
        StartAsync(new CertctlHost(null, settings) { Parent = parent });

    /// <summary>Likewise on the database of the test's choice.</summary>
    public static Task<CertctlHost> StartUnderAsync(IReadOnlyList<string> parent, string? postgres) =>
        StartAsync(new CertctlHost(postgres, []) { Parent = parent });

    /// <summary>Likewise, with an issuer outside of the process: <see cref="Programs.RemoteIssuerServer"/>.</summary>
    public static Task<CertctlHost> StartWithRemoteIssuerAsync(string? postgres, params (string Name, string Value)[] settings) =>
        StartAsync(new CertctlHost(postgres, settings) { Program = typeof(CertctlHost).Assembly.Location });

    /// <summary>
    /// One that has not started, for tests whose settings name its files: they are there, as a first start makes them. Its first start is
    /// <see cref="StartAgainAsync"/>.
    /// </summary>
    public static async Task<CertctlHost> PrepareAsync(string? postgres, params (string Name, string Value)[] settings)
    {
        var host = new CertctlHost(postgres, settings);
        await host.MakeReadyAsync();
        return host;
    }

    /// <param name="caKey">As quickstart's <c>--ca-key</c>.</param>
    public static Task<CertctlHost> StartWithCaAsync(string caKey, params (string Name, string Value)[] settings) =>
        StartAsync(new CertctlHost(null, settings) { _caKey = caKey });

    /// <summary>A second process on the database of the first, with its keys, its secrets and its settings, as replicas are.</summary>
    /// <param name="more">Settings of its own.</param>
    public static Task<CertctlHost> StartBesideAsync(CertctlHost first, params (string Name, string Value)[] more)
    {
        (string, string) Key(string setting, string file) => (setting, Path.Combine(first.Data, file));
        return StartAsync(new CertctlHost(first._postgres,
        [
            .. first.Settings.Select(setting => (setting.Key, setting.Value)),
            Key("CERTCTL_CA_CERT_PATH", "ca.crt"),
            Key("CERTCTL_CA_KEY_PATH", "ca.key"),
            Key("CERTCTL_SERVER_TLS_CERT_PATH", "tls.crt"),
            Key("CERTCTL_SERVER_TLS_KEY_PATH", "tls.key"),
            ("CERTCTL_SCEP_RA_CERT_PATH", first.RaCertificates),
            ("CERTCTL_SCEP_RA_KEY_PATH", first.RaKeys),
            ("CERTCTL_SCEP_CHALLENGE_PASSWORD", first.Challenge),
            .. more,
        ])
        { Program = first.Program });
    }

    private static async Task<CertctlHost> StartAsync(CertctlHost host)
    {
        try
        {
            await host.MakeReadyAsync();
            await host.StartAgainAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    // Keys under a passphrase are the server's own, and so are those of a server whose clock is wrong.
    private async Task MakeReadyAsync()
    {
        if (Parent.Count > 0
            || Settings.ContainsKey("LD_PRELOAD")
            || Settings.Keys.Any(name => name.Contains("PASSPHRASE", StringComparison.Ordinal)))
            return;
        ReadyMadeData.CopyKeys(Data, _caKey);
        if (_postgres is null && !Settings.ContainsKey("CERTCTL_DATABASE_URL"))
            await ReadyMadeData.CopyDatabaseAsync(DatabaseFile);
    }

    public async Task StartAgainAsync()
    {
        var program = Program.Length > 0 ? Program : PublishedExecutable.Dll;
        string[] command = [.. Parent, "dotnet", program, "quickstart", "--data", Data, "--port", $"{_port}", "--ca-key", _caKey, "--json"];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (_postgres is not null)
            start.Environment["CERTCTL_DATABASE_URL"] = DatabaseUrl;

        // What quickstart serves beside SCEP; then the listener asks for client certificates.
        if (!Settings.Keys.Any(name => name.StartsWith("CERTCTL_EST_", StringComparison.Ordinal)))
            start.Environment["CERTCTL_EST_ENABLED"] = "false";
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
                _log.Add(line.Data ?? "");
        };
        _process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(Patience);
        if (await _process.StandardOutput.ReadLineAsync(patience.Token) is not { } announced)
        {
            // Its last words have been read once it has ended.
            await _process.WaitForExitAsync(patience.Token);
            throw new InvalidOperationException($"The server did not start: {Log}");
        }

        var json = JsonDocument.Parse(announced).RootElement;
        _port = new Uri(json.GetProperty("url").GetString()!).Port;
        Challenge = json.GetProperty("challenge").GetString()!;
        ApiKey = json.GetProperty("api_key").GetString()!;
    }

    public ScepWire Connect(string path = "/scep") => new(Url, CaFile, path);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await EndedAsync();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await EndedAsync();
    }

    /// <summary>Sends a signal by its short name.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{ProcessId}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until the log says <paramref name="text"/> once more than <paramref name="before"/> times.</summary>
    public async Task LoggedAsync(string text, int before = 0)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (Log.Split(text).Length - 1 <= before)
            await Task.Delay(20, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await KillAsync();
        if (_database.IsValueCreated)
            await Database.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task EndedAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process!.WaitForExitAsync(patience.Token);
        _process.Dispose();
        _process = null;
    }
}
