using System.Text.Json.Nodes;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures.Databases;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary><c>serve</c>, <c>migrate</c> and <c>profiles</c> as an operator meets them: exit codes, what is said, and where.</summary>
public sealed class VerbTests(OperatorFolder folder, PostgresFixture postgres)
    : IClassFixture<OperatorFolder>, IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("")]
    [InlineData("srve")]
    [InlineData("doctor --nope")]
    [InlineData("profiles")]
    [InlineData("profiles show")]
    [InlineData("profiles put a b")]
    [InlineData("quickstart --ca-key rsa-1024")]
    [InlineData("quickstart --port high")]
    public async Task A_command_line_that_cannot_be_parsed_ends_with_2_and_the_usage(string line)
    {
        var run = line.Length == 0
            ? await CommandLine.RunAsync(folder.Settings(), [])
            : await CommandLine.RunHereAsync(new Dictionary<string, string>(), line.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
        Assert.NotEqual("", run.Error.Trim());
    }

    [Fact]
    public async Task Serve_lists_every_error_at_once_with_the_nearest_name_and_no_secret()
    {
        const string Short = "hunter2";
        var settings = folder.Settings(
            ("CERTCTL_SERVR_PORT", "8443"),
            ("CERTCTL_SCEP_CHALENGE_PASSWORD", "a secret under a misspelt name"),
            ("CERTCTL_SCEP_CHALLENGE_PASSWORD", Short),
            ("CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE", "maybe"),
            ("CERTCTL_SCEP_RETRY_WINDOW", "25h"),
            ("CERTCTL_SCEP_EXTRA_CAPABILITIES", "MD5"),
            ("CERTCTL_CA_VALIDITY_DAYS", "0"),
            ("CERTCTL_LOG_LEVEL", "loud"),
            ("CERTCTL_DATABASE_URL", "postgres://user:pass@word@host:port/database/other"),
            ("CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "0"),
            ("CERTCTL_CA_KEY_PATH", folder.Path("nothing.key")));
        settings.Remove("CERTCTL_SERVER_TLS_CERT_PATH");
        var run = await CommandLine.RunAsync(settings, ["serve"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Output);
        string[] problems =
        [
            "CERTCTL_SERVR_PORT is unknown; did you mean CERTCTL_SERVER_PORT?",
            "CERTCTL_SCEP_CHALENGE_PASSWORD is unknown; did you mean CERTCTL_SCEP_CHALLENGE_PASSWORD?",
            "CERTCTL_SCEP_CHALLENGE_PASSWORD: has fewer than 8 characters",
            "CERTCTL_SCEP_RENEWAL_ALLOW_NAME_CHANGE: \"maybe\" is not true or false",
            "CERTCTL_SCEP_RETRY_WINDOW: \"25h\" is not a duration",
            "CERTCTL_SCEP_EXTRA_CAPABILITIES: \"MD5\" is not one of",
            "CERTCTL_CA_VALIDITY_DAYS: \"0\" is not a whole number from 1 to",
            "CERTCTL_LOG_LEVEL: \"loud\" is not one of debug, info, warn, error",
            "CERTCTL_DATABASE_URL: is not of the form",
            "CERTCTL_EST_SERVERKEYGEN_CONCURRENCY: \"0\" is not a whole number from 1 to 64",
            "CERTCTL_SERVER_TLS_CERT_PATH is not set",
            $"CA: {folder.Path("nothing.key")}: the private key file does not exist",
        ];
        var listed = run.Error.Split('\n').Where(line => line.StartsWith("  - ", StringComparison.Ordinal)).ToList();
        Assert.All(problems, problem => Assert.Single(listed, line => line.StartsWith($"  - {problem}", StringComparison.Ordinal)));
        Assert.Equal(problems.Length, listed.Count);
        Assert.All([Short, "pass@word", "a secret under"], secret => Assert.DoesNotContain(secret, run.All, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_with_a_JSON_log_says_each_problem_and_warning_as_a_JSON_line()
    {
        var run = await CommandLine.RunAsync(
            folder.Settings(
                ("CERTCTL_LOG_FORMAT", "json"), ("CERTCTL_SCEP_RETRY_WINDOW", "25h"), ("CERTCTL_SCEP_CHALLENGE_PASSWORD", "short one")),
            ["serve"]);
        Assert.Equal(1, run.ExitCode);
        var lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Contains(lines, line => (string)line["level"]! == "error"
            && ((string)line["message"]!).Contains("CERTCTL_SCEP_RETRY_WINDOW", StringComparison.Ordinal));
        Assert.Contains(lines, line => (string)line["level"]! == "warn"
            && ((string)line["message"]!).Contains("fewer than 16 characters", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.EndsWith("Z", (string)line["time"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_reads_a_file_and_secret_files_serves_and_ends_with_0_when_told()
    {
        await File.WriteAllTextAsync(folder.Path("challenge.txt"), "from a file with a line end\n");
        var settings = folder.Settings(("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", folder.Path("challenge.txt")));
        settings.Remove("CERTCTL_SCEP_CHALLENGE_PASSWORD");
        var moved = new[]
        {
            "CERTCTL_CA_CERT_PATH",
            "CERTCTL_CA_KEY_PATH",
            "CERTCTL_SCEP_ENABLED",
            "CERTCTL_SCEP_RA_CERT_PATH",
            "CERTCTL_SCEP_RA_KEY_PATH",
        };
        var json = new JsonObject(
            moved.Select(name => KeyValuePair.Create(name["CERTCTL_".Length..].ToLowerInvariant(), (JsonNode?)settings[name])));
        await File.WriteAllTextAsync(folder.Path("certctl.json"), "// with a comment\n" + json.ToJsonString());
        foreach (var name in moved)
            settings.Remove(name);

        await using var serving = await CommandLine.ServeAsync(settings, "--config", folder.Path("certctl.json"));
        using var wire = serving.Connect(folder.CaFile);
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=by serve", "from a file with a line end"), device)).Build()))
            .Issued(device);
        Assert.Equal(0, await serving.StopAsync());
    }

    [Fact]
    public async Task Serve_without_its_certificate_profile_or_its_port_does_not_start()
    {
        var run = await CommandLine.RunAsync(folder.Settings(("CERTCTL_SCEP_PROFILE_ID", "nowhere")), ["serve"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("certificate profile \"nowhere\" does not exist", run.Error, StringComparison.Ordinal);

        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        run = await CommandLine.RunAsync(
            folder.Settings(("CERTCTL_SERVER_PORT", $"{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}")), ["serve"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("cannot be bound", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("migrate")]
    [InlineData("profiles list")]
    public async Task A_database_that_is_away_is_said_without_its_password(string verb)
    {
        var settings = folder.Settings(("CERTCTL_DATABASE_URL", "postgres://operator:hunter2hunter2@127.0.0.1:1/certctl"));
        var run = verb == "serve"
            ? await CommandLine.RunAsync(settings, [verb])
            : await CommandLine.RunHereAsync(settings, verb.Split(' '));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("The database cannot be used", run.Error, StringComparison.Ordinal);
        Assert.Contains("CERTCTL_DATABASE_URL", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.All, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Migrate_names_what_it_applied_and_has_nothing_to_do_the_second_time(bool onPostgres)
    {
        if (onPostgres && !postgres.IsAvailable)
            return;
        var url = onPostgres
            ? PostgresFixture.UrlOf(await postgres.CreateDatabaseAsync(migrated: false))
            : $"sqlite://{folder.Path("migrated.db")}";

        // The database alone: an operator migrates before anything else is there.
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = url };
        Assert.StartsWith("Applied ", (await CommandLine.RunAsync(settings, ["migrate"])).MustSucceed().Output, StringComparison.Ordinal);
        Assert.Equal("The schema is up to date.\n", (await CommandLine.RunHereAsync(settings, "migrate")).MustSucceed().Output);
        Assert.StartsWith(
            "default ", (await CommandLine.RunHereAsync(settings, "profiles", "list")).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_refuses_a_misspelt_name_and_a_missing_url()
    {
        var run = await CommandLine.RunAsync(
            new Dictionary<string, string> { ["CERTCTL_DATABSE_URL"] = $"sqlite://{folder.Path("never.db")}" }, ["migrate"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("did you mean CERTCTL_DATABASE_URL?", run.Error, StringComparison.Ordinal);
        Assert.Contains("CERTCTL_DATABASE_URL is not set", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.Path("never.db")));
    }
}
