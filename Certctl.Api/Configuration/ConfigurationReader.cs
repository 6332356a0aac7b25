using System.Collections;
using Certctl.Api.Hosting;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>What came of reading the configuration: the options, or every problem at once.</summary>
/// <param name="Options">Null when there is a problem.</param>
/// <param name="Draft">What could be read beside the problems: nothing to start from, but the files that it names can be looked at, so that
/// all is told at once.</param>
internal sealed record ConfigurationReading(CertctlOptions? Options, CertctlOptions Draft, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings)
{
    /// <summary>Names of the secrets that are variables of this process, which only a restart can change.</summary>
    public IReadOnlyList<string> FixedSecrets { get; init; } = [];

    /// <summary>
    /// Those of the problems that the file of <c>--config</c> itself has: nothing that it says, or does not say, can be relied on.
    /// </summary>
    public IReadOnlyList<string> FileProblems { get; init; } = [];

    /// <summary>What the file of <c>--config</c> says, without the secrets. It holds until a restart.</summary>
    public IReadOnlyDictionary<string, string> FilePlain { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Names of the settings that are no secret and that the file of <c>--config</c> sets otherwise than at the start: the start's values
    /// are read.
    /// </summary>
    public IReadOnlyList<string> RestartNeeded { get; init; } = [];
}

/// <summary>
/// The one place where text becomes options. Strict: an unknown name or an unreadable value is a problem, and all problems come together.
/// </summary>
internal static class ConfigurationReader
{
    private const int MaxDays = 3650;
    private const string Host = "CERTCTL_SERVER_HOST";
    private const string DefaultHost = "127.0.0.1";
    private const string TlsCertificate = "CERTCTL_SERVER_TLS_CERT_PATH";
    private const string MtlsPort = "CERTCTL_SERVER_MTLS_PORT";
    private const string Passphrase = "CERTCTL_KEY_PASSPHRASE";

    /// <summary>Reads this process's environment, above the file, above <paramref name="defaults"/>.</summary>
    /// <param name="atStart">Of a server that runs: only secrets may differ from it.</param>
    public static ConfigurationReading FromProcess(
        string? configPath, IReadOnlyDictionary<string, string>? defaults = null, ConfigurationReading? atStart = null) =>
        Read(ProcessEnvironment(), configPath, defaults, atStart);

    /// <summary>The passphrase for key files alone, which quickstart needs before it has anything else.</summary>
    public static Secret? KeyPassphraseFromProcess(out string? problem)
    {
        var values = new SettingValues([ProcessEnvironment()]);
        var text = values.SecretText(Passphrase);
        problem = values.Problems.FirstOrDefault();
        return text is null ? null : new Secret(text);
    }

    /// <param name="environment">Variables; those that do not begin with CERTCTL_ are not read.</param>
    /// <param name="atStart">As for <see cref="FromProcess"/>.</param>
    public static ConfigurationReading Read(
        IReadOnlyDictionary<string, string> environment,
        string? configPath,
        IReadOnlyDictionary<string, string>? defaults = null,
        ConfigurationReading? atStart = null)
    {
        var file = ConfigurationFile.Read(configPath);
        var secrets = UnknownNames.Secrets(ProfileTokens(new SettingValues([environment, atStart?.FilePlain ?? file.Settings])));
        var plain = file.Plain(secrets);
        var held = atStart?.FilePlain ?? plain;
        var values = Values(environment, file.With(held, secrets), defaults);
        var options = ReadOptions(values);
        CheckMtlsPort(options, values);
        return new ConfigurationReading(values.Problems.Count == 0 ? options : null, options, values.Problems, values.Warnings)
        {
            FixedSecrets = values.FixedSecrets,
            FileProblems = file.Problems,
            FilePlain = held,
            RestartNeeded =
            [
                .. plain.Keys.Union(held.Keys).Where(name => plain.GetValueOrDefault(name) != held.GetValueOrDefault(name)).Order(StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>The database alone, for the verbs that need nothing else; a misspelt name is a problem here too.</summary>
    public static DatabaseOptions? DatabaseFromProcess(string? configPath, out IReadOnlyList<string> problems)
    {
        var values = Values(ProcessEnvironment(), ConfigurationFile.Read(configPath), defaults: null);
        var database = ReadDatabase(values);
        problems = values.Problems;
        return problems.Count == 0 ? database : null;
    }

    /// <summary>
    /// Where the server listens and the certificate that it shows, if they say so, for the verb that asks it; whatever else is wrong is the
    /// server's own to say.
    /// </summary>
    public static (string Host, int Port, string? TlsCertPath)? AddressFromProcess(string? configPath, out IReadOnlyList<string> problems)
    {
        var file = ConfigurationFile.Read(configPath);
        var environment = ProcessEnvironment();
        foreach (var link in ServiceLinks.Find(environment))
            environment.Remove(link);
        var values = new SettingValues([environment, file.Settings]);
        values.Problems.AddRange(file.Problems);
        var address = (ReadHost(values), ReadPort(values), values.Text(TlsCertificate));
        problems = values.Problems;
        return problems.Count == 0 ? address : null;
    }

    private static string ReadHost(SettingValues values) => values.Text(Host) ?? DefaultHost;

    private static int ReadPort(SettingValues values) => values.Integer("CERTCTL_SERVER_PORT", 8080, 0, 65535);

    private static IReadOnlyList<string> ProfileTokens(SettingValues values) =>
        [.. values.List("CERTCTL_SCEP_PROFILES").Select(ScepProfileReader.Token)];

    private static ServerOptions ReadServer(SettingValues values) => new(
        ReadHost(values),
        ReadPort(values),
        values.Integer("CERTCTL_MAX_BODY_SIZE", HttpLimits.DefaultBody, HttpLimits.LeastBody, HttpLimits.LargestBody),
        values.Required(TlsCertificate, "the server's TLS certificate; there is no plaintext listener") ?? "",
        values.Text("CERTCTL_SERVER_TLS_KEY_PATH") ?? "",
        values.IsSet(MtlsPort) ? values.Integer(MtlsPort, 0, 0, 65535) : null)
    {
        MaxInFlight = values.Integer("CERTCTL_SERVER_MAX_IN_FLIGHT", HttpLimits.InFlight, 1, HttpLimits.Connections),
    };

    private static SettingValues Values(
        IReadOnlyDictionary<string, string> environment, ConfigurationFile file, IReadOnlyDictionary<string, string>? defaults)
    {
        var ours = environment.Where(pair => pair.Key.StartsWith(KnownSettings.Prefix, StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.Ordinal);
        var links = ServiceLinks.Find(ours);
        foreach (var link in links)
            ours.Remove(link);
        var values = new SettingValues([ours, file.Settings, defaults ?? new Dictionary<string, string>()]);
        if (links.Count > 0)
        {
            values.Warnings.Add(
                $"{string.Join(", ", links)}: ignored, since Kubernetes sets them for a Service whose name begins with certctl; "
                + "enableServiceLinks: false in the pod's specification leaves them out.");
        }

        values.Problems.AddRange(file.Problems);
        values.Problems.AddRange(UnknownNames.Find(values.Names, ProfileTokens(values)));
        return values;
    }

    private static CertctlOptions ReadOptions(SettingValues values) => new()
    {
        Server = ReadServer(values) with { TlsKeyPath = values.Required("CERTCTL_SERVER_TLS_KEY_PATH", "the private key of the server's TLS certificate") ?? "" },
        Database = ReadDatabase(values),
        Log = ReadLog(values),
        Ca = ReadCa(values),
        Api = ApiKeysReader.Read(values, ReadHost(values)),
        Telemetry = TelemetryReader.Read(values, ReadHost(values)),
        ScepProfiles = ScepProfileReader.Read(values),
        KeyPassphrase = values.SecretText(Passphrase) is { } passphrase ? new Secret(passphrase) : null,
    };

    private static void CheckMtlsPort(CertctlOptions options, SettingValues values)
    {
        var server = options.Server;
        if (server.MtlsPort is > 0 && server.MtlsPort == server.Port)
            values.Problems.Add(
                $"{MtlsPort} is the main port, {server.Port}; choose another, or leave it out to serve /scep-mtls on the main port.");
        if (server.MtlsPort is not null && !options.WantsClientCertificates && values.Problems.Count == 0)
            values.Warnings.Add($"{MtlsPort} has no effect: no SCEP profile has MTLS_ENABLED.");
    }

    private static DatabaseOptions ReadDatabase(SettingValues values)
    {
        const string Name = "CERTCTL_DATABASE_URL";
        var connections = values.Integer("CERTCTL_DATABASE_MAX_CONNS", 25, 3, 500);
        var deadline = ReadDeadline(values);
        var problems = values.Problems.Count;
        var url = values.SecretText(Name);
        if (url is null && values.Problems.Count == problems)
            values.Problems.Add(
                $"{Name} is not set: postgres://user:password@host/database or sqlite:///path (or {Name}{KnownSettings.FileSuffix}).");
        var options = (url is null ? null : DatabaseUrl.Parse(url, connections, values.Problems))
            ?? new DatabaseOptions(DatabaseProvider.Sqlite, new Secret(""), connections);
        return options with { Setting = values.GivenAs(Name), Deadline = deadline };
    }

    private static TimeSpan ReadDeadline(SettingValues values)
    {
        const string Name = "CERTCTL_DATABASE_DEADLINE";
        if (values.Text(Name) is not { } text)
            return DatabaseOptions.DefaultDeadline;
        if (SettingParsers.TryParseDuration(text.Trim(), out var deadline) && deadline >= TimeSpan.FromSeconds(1) && deadline <= TimeSpan.FromSeconds(60))
            return deadline;
        values.Reject(Name, text, "a duration from 1s to 60s");
        return DatabaseOptions.DefaultDeadline;
    }

    private static LogOptions ReadLog(SettingValues values)
    {
        LogLevel? level = values.Text("CERTCTL_LOG_LEVEL")?.ToUpperInvariant() switch
        {
            null or "INFO" => LogLevel.Information,
            "DEBUG" => LogLevel.Debug,
            "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            _ => null,
        };
        if (level is null)
            values.Reject("CERTCTL_LOG_LEVEL", values.Text("CERTCTL_LOG_LEVEL")!, "one of debug, info, warn, error");
        var format = values.Text("CERTCTL_LOG_FORMAT")?.ToUpperInvariant();
        if (format is not (null or "JSON" or "TEXT"))
            values.Reject("CERTCTL_LOG_FORMAT", values.Text("CERTCTL_LOG_FORMAT")!, "json or text");
        return new LogOptions(level ?? LogLevel.Information, format is not "TEXT", format is "JSON");
    }

    private static CaOptions ReadCa(SettingValues values) => new(
        "iss-local",
        values.Required("CERTCTL_CA_CERT_PATH", "the certificate of the issuing CA") ?? "",
        values.Required("CERTCTL_CA_KEY_PATH", "the private key of the issuing CA") ?? "",
        TimeSpan.FromDays(values.Integer("CERTCTL_CA_VALIDITY_DAYS", 90, 1, MaxDays)),
        [.. values.List("CERTCTL_CA_CRL_URLS").Select(url => values.WebUrl("CERTCTL_CA_CRL_URLS", url)).OfType<string>()],
        values.WebUrl("CERTCTL_CA_OCSP_URL", values.Text("CERTCTL_CA_OCSP_URL")),
        values.WebUrl("CERTCTL_CA_ISSUERS_URL", values.Text("CERTCTL_CA_ISSUERS_URL")))
    {
        Next = NextCaReader.ReadCa(values),
    };

    private static Dictionary<string, string> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}
