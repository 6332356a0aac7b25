using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// What an operator has before the first <c>serve</c>: a CA, an RA, a TLS pair and a migrated database. Quickstart made them and has ended.
/// </summary>
public sealed class OperatorFolder : IAsyncLifetime
{
    internal const string Challenge = "the challenge of the operator's folder";

    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal string CaFile => Host.CaFile;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.StartAsync(null);
        await Host.StopAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

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
