using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Commands;

/// <summary>The executable at the command line: what it says, where, and its exit code.</summary>
public sealed class VerbTests(VerbServer server) : IClassFixture<VerbServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Doctor_finds_nothing_wrong_beside_the_running_server()
    {
        var run = Run(server.Environment, "doctor");
        Assert.Equal(0, run.ExitCode);
        var lines = run.Output.Trim().Split('\n');
        Assert.All(lines, line => Assert.StartsWith("ok ", line, StringComparison.Ordinal));
        Assert.All(
            ["configuration", "TLS certificate", "CA", "RA pair", "database", "database schema", "certificate profile \"default\"", "served by certctl"],
            what => Assert.Contains(lines, line => line.Contains(what, StringComparison.Ordinal)));
    }

    [Fact]
    public void Doctor_gives_everything_wrong_a_line_and_exits_1()
    {
        var run = Run(
            server.With(("CERTCTL_CA_KEY_PATH", "/nowhere/ca.key"), ("CERTCTL_DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x"), ("CERTCTL_SCEP_RA_CERT_PATH", server.Host.CaFile)), "doctor");
        Assert.Equal(1, run.ExitCode);
        var failures = run.Output.Split('\n').Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).ToList();
        Assert.Contains(failures, line => line.Contains("/nowhere/ca.key", StringComparison.Ordinal));
        Assert.Contains(failures, line => line.Contains("CERTCTL_DATABASE_URL", StringComparison.Ordinal));
        Assert.Contains(failures, line => line.Contains(server.Host.CaFile, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_makes_no_database()
    {
        var path = _folder["none.db"];
        var run = Run(server.With(("CERTCTL_DATABASE_URL", $"sqlite:///{path}")), "doctor");
        Assert.Contains($"{path} does not exist yet", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Serve_lists_every_mistake_of_its_configuration_and_exits_1()
    {
        var run = Run(server.With(("CERTCTL_SERVER_PORT", "none"), ("CERTCTL_SCEP_ENABLED", "perhaps"), ("CERTCTL_SERVRE_HOST", "x")), "serve");
        Assert.Equal(1, run.ExitCode);
        Assert.All(["CERTCTL_SERVER_PORT", "CERTCTL_SCEP_ENABLED", "did you mean CERTCTL_SERVER_HOST?"], words => Assert.Contains(words, run.All, StringComparison.Ordinal));
    }

    [Fact]
    public void Serve_says_when_its_port_is_taken_or_its_certificate_profile_is_unknown()
    {
        var taken = Run(server.Environment, "serve");
        Assert.Equal(1, taken.ExitCode);
        Assert.Contains("cannot be bound", taken.All, StringComparison.Ordinal);

        var unknown = Run(server.With(("CERTCTL_SERVER_PORT", "0"), ("CERTCTL_SCEP_PROFILE_ID", "nobody")), "serve");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("\"nobody\" does not exist", unknown.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serv")]
    [InlineData("scep", "enroll", "--subject")]
    [InlineData("quickstart", "--ca-key", "dsa")]
    [InlineData("profiles", "show")]
    public void A_command_line_that_cannot_be_meant_exits_2(params string[] arguments) => Assert.Equal(2, Run(server.Environment, arguments).ExitCode);

    [Fact]
    public void Migrate_needs_the_database_alone_and_a_second_run_finds_nothing_to_do()
    {
        Dictionary<string, string> environment = new() { ["CERTCTL_DATABASE_URL"] = $"sqlite:///{_folder["new.db"]}" };
        var first = Run(environment, "migrate");
        Assert.Equal(0, first.ExitCode);
        Assert.Contains("Applied", first.Output, StringComparison.Ordinal);
        Assert.Contains("up to date", Run(environment, "migrate").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_goes_in_comes_out_and_goes_in_again()
    {
        var file = Profile("""{ "id": "vpn", "name": "VPN", "allowed_key_algorithms": [{ "algorithm": "ECDSA", "min_size": 256 }], "allowed_ekus": ["clientAuth"], "max_ttl_seconds": 86400 }""");
        Assert.Contains("vpn created", Run(server.Environment, "profiles", "put", file).Output, StringComparison.Ordinal);
        Assert.Contains("vpn", Run(server.Environment, "profiles", "list").Output, StringComparison.Ordinal);
        var shown = Run(server.Environment, "profiles", "show", "vpn");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("\"max_ttl_seconds\": 86400", shown.Output, StringComparison.Ordinal);
        Assert.Contains("vpn replaced", Run(server.Environment, "profiles", "put", Profile(shown.Output)).Output, StringComparison.Ordinal);

        var taken = Run(server.Environment, "profiles", "put", Profile(shown.Output.Replace("\"id\": \"vpn\"", "\"id\": \"other\"", StringComparison.Ordinal)));
        Assert.Equal(1, taken.ExitCode);
        Assert.Contains("Another profile has the name \"VPN\"", taken.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "id": "x" }""", "name")]
    [InlineData("""{ "id": "x", "name": "X", "colour": "red" }""", "colour")]
    [InlineData("""{ "id": "x", "name": "X", "allowed_ekus": ["flying"] }""", "flying")]
    [InlineData("""{ "id": "x", "name": "X", "required_san_patterns": ["("] }""", "required_san_patterns")]
    [InlineData("null", "holds null")]
    [InlineData("{", "is not a profile")]
    public void A_profile_that_cannot_be_enforced_is_refused_and_the_field_is_named(string json, string words)
    {
        var run = Run(server.Environment, "profiles", "put", Profile(json));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.All, StringComparison.Ordinal);
        Assert.Equal(1, Run(server.Environment, "profiles", "show", "x").ExitCode);
    }

    [Fact]
    public void Quickstarts_file_can_be_sourced_by_a_shell_and_holds_five_variables()
    {
        var file = Path.Combine(server.Host.Data, "quickstart.env");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var run = ExternalTool.RunIn(server.Host.Folder, "/bin/sh", "-c", $". '{file}' && printf '%s|%s|%s' \"$CERTCTL_SCEP_URL\" \"$CERTCTL_CA_FILE\" \"$CERTCTL_CHALLENGE\"");
        run.MustSucceed();
        Assert.Equal($"{server.Host.Url}scep|{server.Host.CaFile}|{server.Host.Challenge}", run.Output);
        Assert.Equal(
            ["CERTCTL_API_KEY", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_SCEP_URL", "CERTCTL_URL"],
            File.ReadLines(file).Where(line => line.Length > 0).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal));
    }

    private string Profile(string json)
    {
        var path = _folder["profile.json"];
        File.WriteAllText(path, json);
        return path;
    }

    private static ToolRun Run(Dictionary<string, string> environment, params string[] arguments) => VerbServer.Run(environment, arguments);
}

/// <summary>A quickstart server, and the environment that <c>serve</c> would have on its folder.</summary>
public sealed class VerbServer : IAsyncLifetime
{
    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal Dictionary<string, string> Environment => With();

    public async Task InitializeAsync() => _host = await CertctlHost.StartAsync(null);

    public async Task DisposeAsync() => await Host.DisposeAsync();

    internal static ToolRun Run(Dictionary<string, string> environment, params string[] arguments) =>
        ExternalTool.RunWith(environment, "dotnet", [Path.Combine(AppContext.BaseDirectory, "certctl.dll"), .. arguments]);

    internal Dictionary<string, string> With(params (string Name, string Value)[] more)
    {
        string File(string name) => Path.Combine(Host.Data, name);
        Dictionary<string, string> settings = new()
        {
            ["CERTCTL_SERVER_PORT"] = $"{Host.Url.Port}",
            ["CERTCTL_SERVER_TLS_CERT_PATH"] = File("tls.crt"),
            ["CERTCTL_SERVER_TLS_KEY_PATH"] = File("tls.key"),
            ["CERTCTL_DATABASE_URL"] = $"sqlite:///{Host.DatabaseFile}",
            ["CERTCTL_CA_CERT_PATH"] = File("ca.crt"),
            ["CERTCTL_CA_KEY_PATH"] = File("ca.key"),
            ["CERTCTL_SCEP_ENABLED"] = "true",
            ["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = Host.Challenge,
            ["CERTCTL_SCEP_RA_CERT_PATH"] = File("ra.crt"),
            ["CERTCTL_SCEP_RA_KEY_PATH"] = File("ra.key"),
        };
        foreach (var (name, value) in more)
            settings[name] = value;
        return settings;
    }
}
