using System.Collections;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Database;
using Certctl.Api.Configuration.Est;
using Certctl.Api.Configuration.Scep;
using Certctl.Api.Configuration.Server;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>What came of reading the configuration: the options, or every problem at once.</summary>
/// <param name="Options">Null when there is a problem.</param>
/// <param name="Draft">What could be read beside the problems: nothing to start from, but the files that it names can be looked at, so that
/// all is told at once.</param>
internal sealed record ConfigurationReading(
    CertctlOptions? Options, CertctlOptions Draft, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings)
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
    /// <summary>Reads this process's environment, above the file, above <paramref name="defaults"/>.</summary>
    /// <param name="atStart">Of a server that runs: only secrets may differ from it.</param>
    public static ConfigurationReading FromProcess(
        string? configPath, IReadOnlyDictionary<string, string>? defaults = null, ConfigurationReading? atStart = null) =>
        Read(ProcessEnvironment(), configPath, defaults, atStart);

    /// <summary>The passphrase for key files alone, which quickstart needs before it has anything else.</summary>
    public static Secret? KeyPassphraseFromProcess(out string? problem)
    {
        var values = new SettingValues([ProcessEnvironment()]);
        var passphrase = values.Read(CaSettings.KeyPassphrase);
        problem = values.Problems.FirstOrDefault();
        return passphrase;
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
        var secrets = UnknownNames.Secrets(TokensOf(new SettingValues([environment, atStart?.FilePlain ?? file.Settings])));
        var plain = file.Plain(secrets);
        var held = atStart?.FilePlain ?? plain;
        var values = Values(environment, file.With(held, secrets), defaults);
        var options = ReadOptions(values);
        ServerSettings.CheckMtlsPort(options, values);
        PublicationSettings.CheckPort(options, values);
        return new ConfigurationReading(values.Problems.Count == 0 ? options : null, options, values.Problems, values.Warnings)
        {
            FixedSecrets = values.FixedSecrets,
            FileProblems = file.Problems,
            FilePlain = held,
            RestartNeeded =
            [
                .. plain.Keys.Union(held.Keys).Where(name => plain.GetValueOrDefault(name) != held.GetValueOrDefault(name))
                    .Order(StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>The database alone, for the verbs that need nothing else; a misspelt name is a problem here too.</summary>
    public static DatabaseOptions? DatabaseFromProcess(string? configPath, out IReadOnlyList<string> problems)
    {
        var values = Values(ProcessEnvironment(), ConfigurationFile.Read(configPath), defaults: null);
        var database = DatabaseSettings.Read(values);
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
        var address = (values.Read(ServerSettings.Host), values.Read(ServerSettings.Port), values.Read(ServerSettings.TlsCertPath));
        problems = values.Problems;
        return problems.Count == 0 ? address : null;
    }

    private static ProfileTokens TokensOf(SettingValues values) => new(
        [.. ScepProfileReader.NamesOf(values).Select(EndpointNaming.Token)],
        [.. EstProfileReader.NamesOf(values).Select(EndpointNaming.Token)]);

    private static SettingValues Values(
        IReadOnlyDictionary<string, string> environment, ConfigurationFile file, IReadOnlyDictionary<string, string>? defaults)
    {
        var ours = environment.Where(pair => pair.Key.StartsWith(KnownSettings.Prefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(StringComparer.Ordinal);
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
        values.Problems.AddRange(UnknownNames.Find(values.Names, TokensOf(values)));
        return values;
    }

    private static CertctlOptions ReadOptions(SettingValues values)
    {
        var server = ServerSettings.Read(values);
        var ca = CaSettings.Read(values);
        return new CertctlOptions
        {
            Server = server,
            Database = DatabaseSettings.Read(values),
            Log = LogSettings.Read(values),
            Ca = ca,
            Proxies = ProxySettings.Read(values),
            Publication = PublicationSettings.Read(values),
            Api = ApiSettings.Read(values, server.Host),
            ServesPages = PageSettings.Read(values),
            Telemetry = TelemetrySettings.Read(values, server.Host),
            ScepProfiles = ScepProfileReader.Read(values),
            EstProfiles = EstProfileReader.Read(values),
            EstKeyGenerations = values.Read(EstSettings.KeyGenerations),
            KeyPassphrase = values.Read(CaSettings.KeyPassphrase),
        };
    }

    private static Dictionary<string, string> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}
