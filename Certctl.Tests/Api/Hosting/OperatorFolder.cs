using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// What an operator has before the first <c>serve</c>: a CA, an RA, a TLS pair and a migrated database, as quickstart makes them.
/// </summary>
public sealed class OperatorFolder : IAsyncLifetime
{
    internal const string Challenge = "the challenge of the operator's folder";

    private CertctlHost? _host;
    private ServingProcess? _serving;

    internal CertctlHost Host => _host!;

    internal string CaFile => Host.CaFile;

    public async Task InitializeAsync() => _host = await CertctlHost.PrepareAsync(null);

    public async Task DisposeAsync()
    {
        if (_serving is not null)
            await _serving.DisposeAsync();
        await Host.DisposeAsync();
    }

    /// <summary>A <c>serve</c> with these settings that the tests of a class share; it ends with the folder.</summary>
    internal async Task<ServingProcess> ServingAsync() => _serving ??= await CommandLine.ServeAsync(Settings());

    internal string Path(string name) => System.IO.Path.Combine(Host.Folder, name);

    /// <summary>Settings with which everything is well, and a change or two.</summary>
    internal Dictionary<string, string> Settings(params (string Name, string Value)[] changes)
    {
        string Made(string name) => System.IO.Path.Combine(Host.Data, name);
        var settings = new Dictionary<string, string>
        {
            ["CERTCTL_SERVER_PORT"] = "0",
            ["CERTCTL_SERVER_TLS_CERT_PATH"] = Made("tls.crt"),
            ["CERTCTL_SERVER_TLS_KEY_PATH"] = Made("tls.key"),
            ["CERTCTL_DATABASE_URL"] = $"sqlite://{Host.DatabaseFile}",
            ["CERTCTL_CA_CERT_PATH"] = Made("ca.crt"),
            ["CERTCTL_CA_KEY_PATH"] = Made("ca.key"),
            ["CERTCTL_SCEP_ENABLED"] = "true",
            ["CERTCTL_SCEP_CHALLENGE_PASSWORD"] = Challenge,
            ["CERTCTL_SCEP_RA_CERT_PATH"] = $"{Made("ra-sign.crt")},{Made("ra.crt")}",
            ["CERTCTL_SCEP_RA_KEY_PATH"] = $"{Made("ra-sign.key")},{Made("ra.key")}",
        };
        foreach (var (name, value) in changes)
            settings[name] = value;
        return settings;
    }
}
