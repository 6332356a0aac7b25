using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Commands.Server;

/// <summary>
/// quickstart as a newcomer meets it: the real executable in a folder with an awkward name, and whatever it prints done to the letter.
/// </summary>
public sealed partial class QuickstartCommandTests : IAsyncLifetime, IDisposable
{
    // Everything that a shell, a URL and a connection string have their own ideas about.
    private const string Name = "it's my $data; 100%25 = ?";

    private static readonly string[] Variables =
        [
            "CERTCTL_API_KEY", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_EST_PASSWORD", "CERTCTL_EST_URL", "CERTCTL_SCEP_URL",
            "CERTCTL_URL",
        ];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _errors = [];
    private Process? _server;
    private int _port;

    private string Data => _folder[Name];

    private string Home => _folder["home"];

    private string EnvFile => Path.Combine(Data, "quickstart.env");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => StopAsync();

    public void Dispose()
    {
        _server?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_it_prints_enrols_a_device_and_a_second_run_changes_nothing()
    {
        Directory.CreateDirectory(Home);
        var printed = await StartAsync("Enrol a device");
        for (var line = ""; !line.Contains("scep enroll", StringComparison.Ordinal); printed += line + "\n")
            line = await ReadLineAsync();
        var commands = printed.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, commands.Count);

        ExternalTool.RunIn(_folder.Path, "sh", "-euc", string.Join('\n', commands)).MustSucceed();
        OpenSsl.Run("verify", "-CAfile", Path.Combine(Data, "ca.crt"), _folder["device-1/device.crt"]);

        // The README's form: the file defines certctl.
        ExternalTool.RunIn(
            _folder.Path, "bash", "-euc", "set -a; . \"$1\"; set +a; certctl scep enroll --subject CN=device-2 --out ./device-2", "bash",
            EnvFile).MustSucceed();
        OpenSsl.Run("verify", "-CAfile", Path.Combine(Data, "ca.crt"), _folder["device-2/device.crt"]);
        Assert.EndsWith("\nSHA-384\n", await CapabilitiesAsync(), StringComparison.Ordinal);

        // Nothing comes before what it has to say, and nothing stays behind in the home folder.
        lock (_errors)
            Assert.Empty(_errors);
        Assert.Empty(Directory.GetFileSystemEntries(Home));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(EnvFile));
        Assert.Equal(Variables, Sourced().Keys.Order());
        await StopAsync();
        var before = State();

        var json = JsonDocument.Parse(await StartAsync("{", "--json")).RootElement;

        Assert.Equal(before, State());
        var sourced = Sourced();
        Assert.Equal(sourced["CERTCTL_URL"], json.GetProperty("url").GetString());
        Assert.Equal(sourced["CERTCTL_SCEP_URL"], json.GetProperty("scep_url").GetString());
        Assert.Equal(sourced["CERTCTL_CA_FILE"], json.GetProperty("ca_file").GetString());
        Assert.Equal(sourced["CERTCTL_CHALLENGE"], json.GetProperty("challenge").GetString());
        Assert.Equal(sourced["CERTCTL_API_KEY"], json.GetProperty("api_key").GetString());
        Assert.Equal($"https://localhost:{_port}/scep", sourced["CERTCTL_SCEP_URL"]);

        // A third one, on a port that is in use: one sentence and no stack trace.
        var busy = Certctl("quickstart", "--data", _folder["other"], "--ca-key", "p-256", "--port", $"{_port}");
        Assert.Equal(1, busy.ExitCode);
        Assert.Matches($"^certctl does not start:\n  - 127.0.0.1:{_port} cannot be bound: [^\n]*Choose another port.\n$", busy.Error);
    }

    [Fact]
    public async Task Without_keys_for_the_API_it_starts_and_sets_none()
    {
        var server = ExternalTool.Start(
            _folder.Path,
            "env",
            ["CERTCTL_AUTH_TYPE=None", "dotnet", Dll, "quickstart", "--data", Data, "--ca-key", "p-256", "--port", "0", "--json"]);
        _server = server;
        server.BeginErrorReadLine();

        var json = JsonDocument.Parse(await ReadLineAsync()).RootElement;

        Assert.Equal("", json.GetProperty("api_key").GetString());
        Assert.Equal("", Sourced()["CERTCTL_API_KEY"]);
        var issuers = new Uri(new Uri(json.GetProperty("url").GetString()!), "/api/v1/issuers");
        Assert.Equal(
            "200",
            ExternalTool.Run(
                "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", Path.Combine(Data, "ca.crt"), issuers.ToString())
                .MustSucceed().Output);
    }

    [Fact]
    public void What_would_be_misunderstood_is_refused_before_anything_is_made()
    {
        var comma = Certctl("quickstart", "--data", _folder["a,b"]);
        Assert.Equal((1, true), (comma.ExitCode, comma.Error.Contains("comma", StringComparison.Ordinal)));

        var twice = ExternalTool.RunIn(
            _folder.Path, "env", "CERTCTL_SERVER_PORT=1", "dotnet", Dll, "quickstart", "--data", Data, "--port", "0");
        Assert.Equal((1, true), (twice.ExitCode, twice.Error.Contains("CERTCTL_SERVER_PORT", StringComparison.Ordinal)));

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void The_profiles_of_a_database_that_is_not_made_yet_are_asked_for_after_migrate_and_a_wrong_key_is_named()
    {
        var database = $"CERTCTL_DATABASE_URL=sqlite://{_folder["new.db"]}";
        ToolRun Run(params string[] arguments) => ExternalTool.RunIn(_folder.Path, "env", [database, "dotnet", Dll, .. arguments]);

        var early = Run("profiles", "list");
        Assert.Equal((1, true), (early.ExitCode, early.Error.Contains("certctl migrate", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));

        Run("migrate").MustSucceed();
        Assert.StartsWith("default ", Run("profiles", "list").MustSucceed().Output, StringComparison.Ordinal);
        File.WriteAllText(_folder["profile.json"], "{\n \"id\": \"x\",\n \"max_tll_seconds\": 1 }");
        var wrong = Run("profiles", "put", _folder["profile.json"]);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("line 3, $.max_tll_seconds", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Certctl.Api", wrong.Error, StringComparison.Ordinal);
    }

    private async Task<string> CapabilitiesAsync()
    {
        using var wire = new ScepWire(new Uri($"https://localhost:{_port}"), Path.Combine(Data, "ca.crt"), "/scep");
        return await wire.Http.GetStringAsync(new Uri(wire.Server, "/scep?operation=GetCACaps"));
    }

    private static string Dll => PublishedExecutable.Dll;

    [GeneratedRegex("localhost:([0-9]+)")]
    private static partial Regex Port();

    private ToolRun Certctl(params string[] arguments) => ExternalTool.RunIn(_folder.Path, "dotnet", [Dll, .. arguments]);

    /// <summary>
    /// Starts it on the port of before and gives what it prints up to the line that begins with <paramref name="until"/>.
    /// </summary>
    private async Task<string> StartAsync(string until, params string[] more)
    {
        _server = ExternalTool.Start(
            _folder.Path,
            "env",
            [$"HOME={Home}", "dotnet", Dll, "quickstart", "--data", Data, "--ca-key", "p-256", "--port", $"{_port}", .. more]);
        _server.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                if (line.Data is { } text && text.StartsWith("warn", StringComparison.OrdinalIgnoreCase))
                    _errors.Add(text);
            }
        };
        _server.BeginErrorReadLine();
        var printed = "";
        for (var line = ""; !line.StartsWith(until, StringComparison.Ordinal); printed += line + "\n")
            line = await ReadLineAsync();
        _port = int.Parse(Port().Match(printed).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        return printed;
    }

    private async Task<string> ReadLineAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        return await _server!.StandardOutput.ReadLineAsync(patience.Token)
            ?? throw new InvalidOperationException("The server ended before it was ready.");
    }

    private async Task StopAsync()
    {
        if (_server is null)
            return;
        ExternalTool.Run("kill", "-TERM", $"{_server.Id}");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await _server.WaitForExitAsync(patience.Token);
        Assert.Equal(0, _server.ExitCode);
        _server.Dispose();
        _server = null;
    }

    /// <summary>What a POSIX shell has in its environment after sourcing the file, and had not before.</summary>
    private Dictionary<string, string> Sourced() => ExternalTool
        .RunIn(
            _folder.Path, "env", "-i", "PATH=/usr/bin:/bin", "sh", "-euc",
            "set -a; . \"$1\"; unset PATH PWD OLDPWD _; exec /usr/bin/env -0", "sh", EnvFile)
        .MustSucceed()
        .Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
        .ToDictionary(line => line.Split('=')[0], line => line.Split('=', 2)[1]);

    // The database may be written to; everything else stays, octet for octet.
    private Dictionary<string, string> State() => Directory.GetFiles(Data)
        .Where(path => !Path.GetFileName(path).StartsWith("certctl.db", StringComparison.Ordinal))
        .ToDictionary(path => path, path => $"{File.GetLastWriteTimeUtc(path):O} {Convert.ToBase64String(File.ReadAllBytes(path))}");
}
