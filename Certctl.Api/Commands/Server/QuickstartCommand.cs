using System.CommandLine;
using System.Text.Json;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting;
using Certctl.Api.Hosting.Reload;
using Certctl.Api.Hosting.Startup;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Provisioning;

namespace Certctl.Api.Commands.Server;

/// <summary>
/// <c>certctl quickstart</c>: makes whatever a first run lacks in one folder, then serves from it. A second run finds everything and
/// changes nothing.
/// </summary>
internal static class QuickstartCommand
{
    private const int DefaultPort = 8443;

    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "Folder that holds everything.",
            DefaultValueFactory = _ => "./certctl-data",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port on the loopback; 0 takes a free one.",
            DefaultValueFactory = _ => DefaultPort,
        };
        var caKey = new Option<string>("--ca-key")
        {
            Description = "Key of a new CA: rsa-2048, rsa-3072, rsa-4096, p-256 or p-384.",
            DefaultValueFactory = _ => "rsa-3072",
        };
        caKey.AcceptOnlyFromAmong("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384");
        var json = new Option<bool>("--json") { Description = "Print one JSON line when ready." };
        var command = new Command("quickstart",
            "Make a CA, an RA, a TLS certificate, a database and secrets where they are missing, then serve.") { data, port, caKey, json };
        command.SetAction((parse, cancellationToken) => Misuse(parse, data, port) is { } misuse
            ? Task.FromResult(ServerRun.Fail(misuse))
            : RunAsync(
                Path.GetFullPath(parse.GetValue(data)!), parse.GetValue(port), parse.GetValue(caKey)!, parse.GetValue(json),
                cancellationToken));
        return command;
    }

    private static string? Misuse(ParseResult parse, Option<string> data, Option<int> port)
    {
        var set = Environment.GetEnvironmentVariable("CERTCTL_SERVER_PORT");
        if (parse.GetResult(port) is { Implicit: false } && !string.IsNullOrEmpty(set) && !ServiceLinks.IsAddress(set))
            return "--port is given and CERTCTL_SERVER_PORT is set; use one of them.";
        // Paths go into settings that are lists of paths.
        return Path.GetFullPath(parse.GetValue(data)!).Contains(',', StringComparison.Ordinal)
            ? "--data: the path holds a comma; choose another folder."
            : null;
    }

    private static async Task<int> RunAsync(string folder, int port, string caKey, bool json, CancellationToken cancellationToken)
    {
        var passphrase = ConfigurationReader.KeyPassphraseFromProcess(out var passphraseProblem);
        if (passphraseProblem is not null)
            return ServerRun.Fail(passphraseProblem);

        QuickstartMaterial made;
        try
        {
            made = QuickstartMaterial.Ensure(folder, caKey, passphrase, TimeProvider.System);
        }
        catch (IOException unusable)
        {
            return ServerRun.Fail($"The folder {folder} cannot be used: {unusable.Message}");
        }
        catch (UnauthorizedAccessException denied)
        {
            return ServerRun.Fail($"The folder {folder} cannot be used: {denied.Message}");
        }

        var reading = ConfigurationReader.FromProcess(configPath: null, Defaults(made, folder, port));
        ServerRun.WritesJson = reading.Draft.Log.JsonIsAskedFor;
        ServerRun.Warn(reading.Warnings);
        if (reading.Options is null)
            return ServerRun.Fail(reading.Problems);

        if (reading.Options.ScepProfiles.Count == 0)
            return ServerRun.Fail("CERTCTL_SCEP_ENABLED is false, and quickstart is there to serve SCEP; unset it.");

        var (material, problems, warnings) = Preflight.Load(reading.Options, TimeProvider.System.GetUtcNow());
        ServerRun.Warn(warnings);
        if (material is null)
            return ServerRun.Fail(problems);

        return await ServerRun.RunAsync(
            reading.Options,
            material,
            new ConfigurationSource(() => ConfigurationReader.FromProcess(
                configPath: null, Defaults(QuickstartMaterial.Ensure(folder, caKey, passphrase, TimeProvider.System), folder, port))),
            services => services.AddHostedService(provider => new QuickstartRenewal(
                () => QuickstartMaterial.Ensure(folder, caKey, passphrase, TimeProvider.System).Created.Count > 0,
                provider.GetRequiredService<ServerReload>(),
                TimeProvider.System,
                provider.GetRequiredService<ILogger<QuickstartRenewal>>())),
            boundPort => Announce(made, folder, boundPort, reading.Options, json),
            cancellationToken);
    }

    // What the folder holds, as settings; a variable of the environment wins over each of them.
    private static Dictionary<string, string> Defaults(QuickstartMaterial made, string folder, int port)
    {
        Dictionary<string, string> defaults = new()
        {
            ["CERTCTL_SERVER_PORT"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["CERTCTL_SERVER_TLS_CERT_PATH"] = made.TlsCertPath,
            ["CERTCTL_SERVER_TLS_KEY_PATH"] = made.TlsKeyPath,
            ["CERTCTL_DATABASE_URL"] = "sqlite://"
                + Uri.EscapeDataString(Path.Combine(folder, "certctl.db")).Replace("%2F", "/", StringComparison.Ordinal),
            ["CERTCTL_LOG_FORMAT"] = "text",
            ["CERTCTL_CA_CERT_PATH"] = made.CaCertPath,
            ["CERTCTL_CA_KEY_PATH"] = made.CaKeyPath,
            ["CERTCTL_SCEP_ENABLED"] = "true",
        };

        // Where no key is asked for, one that is set would be refused.
        if (!string.Equals(Environment.GetEnvironmentVariable("CERTCTL_AUTH_TYPE")?.Trim(), "none", StringComparison.OrdinalIgnoreCase))
            defaults["CERTCTL_API_KEYS_NAMED"] = $"quickstart:{made.ApiKey.Reveal()}:admin";

        // Named profiles bring their own and take nothing from the flat form.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CERTCTL_SCEP_PROFILES")))
        {
            defaults["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = made.Challenge.Reveal();
            defaults["CERTCTL_SCEP_RA_CERT_PATH"] = string.Join(',', made.RaPairs.Select(pair => pair.CertPath));
            defaults["CERTCTL_SCEP_RA_KEY_PATH"] = string.Join(',', made.RaPairs.Select(pair => pair.KeyPath));

            // strongSwan 5.9 finds AES and SHA-256 only beside it (docs/clients.md); a preset brings its own.
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CERTCTL_SCEP_CLIENT_PRESET")))
                defaults["CERTCTL_SCEP_EXTRA_CAPABILITIES"] = ScepCapability.Sha384;
        }

        AddEst(defaults, made);

        return defaults;
    }

    // Beside SCEP, on the same secret; who sets a mode or names profiles knows what is wanted.
    private static void AddEst(Dictionary<string, string> defaults, QuickstartMaterial made)
    {
        string[] own =
        [
            "CERTCTL_EST_ENABLED", "CERTCTL_EST_PROFILES", "CERTCTL_EST_ALLOWED_AUTH_MODES", "CERTCTL_EST_ALLOW_ANONYMOUS",
            "CERTCTL_EST_ENROLLMENT_PASSWORD", "CERTCTL_EST_ENROLLMENT_PASSWORD_FILE",
        ];
        if (own.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))))
            return;
        defaults["CERTCTL_EST_ENABLED"] = "true";
        defaults["CERTCTL_EST_ALLOWED_AUTH_MODES"] = "basic";
        defaults["CERTCTL_EST_ENROLLMENT_PASSWORD"] = made.Challenge.Reveal();
    }

    private static void Announce(QuickstartMaterial made, string folder, int port, CertctlOptions options, bool json)
    {
        var url = $"https://localhost:{port}";
        var scepUrl = $"{url}/scep{(options.ScepProfiles[0].PathId is { Length: > 0 } pathId ? "/" + pathId : "")}";
        var challenge = options.ScepProfiles[0].Challenge?.Reveal() ?? "";
        var password = options.EstProfiles.Count > 0 ? options.EstProfiles[0].Password?.Reveal() ?? "" : "";
        var apiKey = options.Api.RequiresKey ? made.ApiKey.Reveal() : "";
        var env = Path.Combine(folder, "quickstart.env");
        PrivateFile.WriteIfChanged(env, $$"""
            CERTCTL_URL='{{url}}'
            CERTCTL_SCEP_URL='{{scepUrl}}'
            CERTCTL_CA_FILE='{{Quote(made.CaCertPath)}}'
            CERTCTL_EST_URL='{{url}}'
            CERTCTL_EST_PASSWORD='{{Quote(password)}}'
            CERTCTL_CHALLENGE='{{Quote(challenge)}}'
            CERTCTL_API_KEY='{{Quote(apiKey)}}'
            certctl() { {{Executable()}} "$@"; }

            """);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { url, scep_url = scepUrl, ca_file = made.CaCertPath, challenge, api_key = apiKey, data = folder }));
            return;
        }

        Console.WriteLine($"""

            certctl serves {scepUrl}
            Everything is in {folder}; secrets for scripts are in {env}.

            Enrol a device from another terminal:

              set -a; . '{Quote(env)}'; set +a
              {Executable()} scep enroll --subject CN=device-1 --out ./device-1

            """);
        if (options.EstProfiles.Count > 0)
            Console.WriteLine($"Or by EST:\n\n  {Executable()} est enroll --subject CN=device-2 --out ./device-2\n");
        if (options.ServesPages)
            Console.WriteLine($"Pages for operators: {url}/ui; sign in with the API key, CERTCTL_API_KEY in {env}.\n");
    }

    // Inside single quotes of a shell only the single quote itself is special.
    private static string Quote(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);

    private static string Executable() => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "certctl"
        ? $"'{Quote(path)}'"
        : $"dotnet '{Quote(Path.Combine(AppContext.BaseDirectory, "certctl.dll"))}'";
}
