using System.Text.Json;
using System.Text.RegularExpressions;
using Certctl.Api.Configuration;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Architecture;

/// <summary>
/// docker-compose.yml is read by Compose itself (its schema and its cross references need no engine) and then, as the YAML it is, for what
/// the schema cannot know: that secrets are files, that the server waits for the schema, that nothing runs with more rights than it needs.
/// </summary>
public sealed partial class DeploymentTests
{
    private const string Compose = "/usr/bin/docker-compose";
    private const string Python = "/usr/bin/python3";

    private static readonly string[] Ours = ["migrate", "certctl"];

    [Fact]
    public void Compose_accepts_its_file()
    {
        if (!ExternalTool.AllPresent(Compose))
            return;

        ExternalTool.Run(Compose, "-f", "docker-compose.yml", "config", "-q").MustSucceed();
    }

    [Fact]
    public void Compose_refuses_a_file_with_an_unknown_key()
    {
        // The oracle of the test above is one that says no.
        if (!ExternalTool.AllPresent(Compose))
            return;
        var folder = Directory.CreateTempSubdirectory("certctl-compose-");
        try
        {
            var path = Path.Combine(folder.FullName, "docker-compose.yml");
            File.WriteAllText(path, SourceTree.Read("docker-compose.yml")
                .Replace("restart: unless-stopped", "restarts: unless-stopped", StringComparison.Ordinal));

            Assert.NotEqual(0, ExternalTool.Run(Compose, "-f", path, "config", "-q").ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void No_secret_stands_in_the_file_itself()
    {
        if (ReadFile() is not { } file)
            return;

        // What could be a secret is given as the path of a file below /run/secrets,
        // and each of those is declared and handed to the service.
        var services = file.GetProperty("services");
        Assert.All(services.EnumerateObject(), service =>
        {
            var handed = Strings(service.Value, "secrets");
            Assert.All(service.Value.GetProperty("environment").EnumerateObject(), variable =>
            {
                if (!variable.Value.ToString().StartsWith("/run/secrets/", StringComparison.Ordinal))
                    Assert.DoesNotMatch("PASSWORD|PASSPHRASE|SECRET|_KEY|_URL", variable.Name);
                else
                    Assert.Contains(variable.Value.ToString()["/run/secrets/".Length..], handed);
            });
        });
        Assert.All(file.GetProperty("secrets").EnumerateObject(), secret => Assert.StartsWith(
            "./secrets/", secret.Value.GetProperty("file").GetString()));
    }

    [Fact]
    public void Every_variable_for_our_services_is_one_that_the_server_knows()
    {
        if (ReadFile() is not { } file)
            return;
        var inCompose = Ours.SelectMany(name => file.GetProperty("services").GetProperty(name).GetProperty("environment").EnumerateObject())
            .Select(variable => variable.Name).ToList();
        var inImage = Variable().Matches(SourceTree.Read("Dockerfile")).Select(match => match.Groups[1].Value).ToList();

        Assert.Contains("CERTCTL_DATABASE_URL_FILE", inCompose);
        Assert.Contains("CERTCTL_SERVER_HOST", inImage);
        Assert.Empty(UnknownNames.Find(inCompose.Concat(inImage).Distinct(), new([], [])));
    }

    [Fact]
    public void The_server_waits_for_the_schema_and_the_schema_for_the_database()
    {
        if (ReadFile() is not { } file)
            return;
        var services = file.GetProperty("services");

        Assert.Equal("service_completed_successfully", Condition("certctl", "migrate"));
        Assert.Equal("service_healthy", Condition("migrate", "db"));
        Assert.Equal("no", services.GetProperty("migrate").GetProperty("restart").GetString());

        string? Condition(string service, string on) =>
            services.GetProperty(service).GetProperty("depends_on").GetProperty(on).GetProperty("condition").GetString();
    }

    [Fact]
    public void Ours_runs_without_rights_and_on_a_read_only_root()
    {
        if (ReadFile() is not { } file)
            return;

        Assert.All(Ours, name =>
        {
            var service = file.GetProperty("services").GetProperty(name);
            Assert.True(service.GetProperty("read_only").GetBoolean());
            Assert.Equal(["ALL"], Strings(service, "cap_drop"));
            Assert.Contains("no-new-privileges:true", Strings(service, "security_opt"));
        });
        Assert.False(
            file.GetProperty("services").GetProperty("db").TryGetProperty("ports", out _),
            "the database must not be reachable from outside");
        Assert.Contains("\nUSER $APP_UID\n", SourceTree.Read("Dockerfile"), StringComparison.Ordinal);
    }

    [Fact]
    public void Image_and_compose_ask_for_health_alone_and_not_for_everything_that_the_doctor_looks_at()
    {
        Assert.Matches(@"\nHEALTHCHECK [^\n]* CMD \[""certctl"", ""health""\]\n", SourceTree.Read("Dockerfile"));
        if (ReadFile() is not { } file)
            return;
        Assert.Equal(
            ["CMD", "certctl", "health"], Strings(file.GetProperty("services").GetProperty("certctl").GetProperty("healthcheck"), "test"));
    }

    [Fact]
    public void The_working_folder_of_the_image_belongs_to_its_user()
    {
        // No engine here: what RUN does before WORKDIR is done by the same shell, with the user's number in place of root's rights.
        var lines = SourceTree.Read("Dockerfile").Split('\n');
        var made = Array.FindIndex(
            lines, line => line.StartsWith("RUN ", StringComparison.Ordinal) && line.Contains("install -d", StringComparison.Ordinal));
        var used = Array.FindIndex(lines, line => line == "WORKDIR /var/lib/certctl");
        Assert.InRange(made, 0, used);
        using var root = new TemporaryFolder();
        var command = lines[made]["RUN ".Length..].Replace(" /app/", $" {root.Path}/", StringComparison.Ordinal)
            .Replace(" /usr/local/bin/", $" {root.Path}/", StringComparison.Ordinal)
            .Replace(" /var/lib/", $" {root.Path}/", StringComparison.Ordinal);
        var folder = root["certctl-folder"];
        command = command.Replace($"{root.Path}/certctl && install", $"{root.Path}/linked && install", StringComparison.Ordinal)
            .Replace($"0700 {root.Path}/certctl", $"0700 {folder}", StringComparison.Ordinal);
        var user = ExternalTool.Run("id", "-u").MustSucceed().Output.Trim();
        ExternalTool.Run("env", $"APP_UID={user}", "sh", "-euc", command).MustSucceed();

        Assert.Equal($"{user} 700", ExternalTool.Run("stat", "-c", "%u %a", folder).MustSucceed().Output.Trim());
    }

    [Fact]
    public void The_image_takes_every_product_project_and_no_other_folder()
    {
        var copied = SourceTree.Read("Dockerfile").Split('\n')
            .Where(line => line.StartsWith("COPY Certctl.", StringComparison.Ordinal) && line.Split(' ').Length == 3)
            .Select(line => line.Split(' ')[1]).Order();

        Assert.Equal(SourceTree.Products.Order(), copied);
        Assert.All(
            SourceTree.Products, project => Assert.Contains($"!{project}\n", SourceTree.Read(".dockerignore"), StringComparison.Ordinal));
    }

    [Fact]
    public void Whatever_the_image_copies_is_let_through_to_it()
    {
        var copied = SourceTree.Read("Dockerfile").Split('\n')
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]).ToList();
        var through = SourceTree.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();

        Assert.True(copied.Count > 10);
        Assert.All(copied, path => Assert.Contains(through, name => path == name || path.StartsWith(name + "/", StringComparison.Ordinal)));
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(SourceTree.Root, path)), $"{path} does not exist"));
    }

    [GeneratedRegex(@"\b(CERTCTL_\w+)=")]
    private static partial Regex Variable();

    private static string[] Strings(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : [];

    // A widely used YAML reader, rather than one of our own that reads what we happen to write.
    private static JsonElement? ReadFile()
    {
        if (!ExternalTool.AllPresent(Python, Compose))
            return null;
        var json = ExternalTool.Run(
            Python, "-c", "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)", "docker-compose.yml")
            .MustSucceed();
        return JsonDocument.Parse(json.Output).RootElement;
    }
}
