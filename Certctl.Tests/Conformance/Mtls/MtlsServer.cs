using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Mtls;

/// <summary>
/// A server with four profiles: <c>a</c> and <c>b</c>, each with a manufacturer's CA of its own; <c>own</c>, which believes certificates of
/// this server's CA; and <c>plain</c>, which is not served at <c>/scep-mtls</c>.
/// </summary>
public class MtlsServer : IAsyncLifetime
{
    internal const string Challenge = "the challenge of every profile here";

    private static readonly Lazy<RSA> RaKey = new(() => RSA.Create(2048));

    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal BootstrapCa A { get; } = BootstrapCa.Root("CN=maker a");

    internal BootstrapCa B { get; } = BootstrapCa.Root("CN=maker b");

    /// <summary>Settings beside the profiles.</summary>
    protected virtual IEnumerable<(string Name, string Value)> More => [];

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        Host.Settings["CERTCTL_SCEP_PROFILES"] = "a,b,own,plain";
        foreach (var name in new[] { "a", "b", "own", "plain" })
        {
            TestRa.Write(Host, name, RaKey.Value, TimeSpan.FromDays(365));
            Set(name, "ISSUER_ID", "iss-local");
            Set(name, "CHALLENGE_PASSWORD", Challenge);
            Set(name, "RA_CERT_PATH", TestRa.Paths(Host, name).Cert);
            Set(name, "RA_KEY_PATH", TestRa.Paths(Host, name).Key);
        }

        WriteBundle("a", A.Pem);
        WriteBundle("b", B.Pem);
        WriteBundle("own", await File.ReadAllTextAsync(Host.CaFile));
        foreach (var (name, value) in More)
            Host.Settings[name] = value;
        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    internal string BundlePath(string profile) => Path.Combine(Host.Folder, profile + "-makers.pem");

    internal void WriteBundle(string profile, string pem)
    {
        File.WriteAllText(BundlePath(profile), pem);
        Set(profile, "MTLS_ENABLED", "true");
        Set(profile, "MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", BundlePath(profile));
    }

    internal ScepWire Connect(string path, SslStreamCertificateContext? client, int? port = null) =>
        new(new UriBuilder(Host.Url) { Port = port ?? Host.Url.Port }.Uri, Host.CaFile, path, client);

    /// <summary>What GetCACaps at this path says to a client that shows this.</summary>
    internal async Task<(HttpStatusCode Status, string Text)> AskAsync(string path, SslStreamCertificateContext? client, int? port = null)
    {
        using var wire = Connect(path, client, port);
        return await AskAsync(wire);
    }

    internal static async Task<(HttpStatusCode Status, string Text)> AskAsync(ScepWire wire, string? path = null, Version? http = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(wire.Server, (path ?? wire.Path) + "?operation=GetCACaps"))
        {
            Version = http ?? HttpVersion.Version11,
        };
        using var answer = await wire.Http.SendAsync(request);
        if (http is not null)
            Assert.Equal(http, answer.Version);
        return (answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Trim());
    }

    internal async Task<List<AuditEvent>> EventsAsync()
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.AuditEvents.AsNoTracking().Where(e => e.Actor != "system").OrderBy(e => e.Id).ToListAsync();
    }

    private void Set(string profile, string suffix, string value) =>
        Host.Settings[$"CERTCTL_SCEP_PROFILE_{profile.ToUpperInvariant()}_{suffix}"] = value;
}

/// <summary>The same, with a port of its own for <c>/scep-mtls</c>.</summary>
public sealed class MtlsPortServer : MtlsServer
{
    private const string Announcement = "certctl serves /scep-mtls on port ";

    internal async Task<int> MtlsPortAsync()
    {
        await Host.LoggedAsync(Announcement);
        return int.Parse(Host.Log.Split(Announcement)[1].Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    protected override IEnumerable<(string Name, string Value)> More =>
    [
        ("CERTCTL_SERVER_MTLS_PORT", "0"), ("CERTCTL_EST_ENABLED", "true"), ("CERTCTL_EST_ALLOWED_AUTH_MODES", "approval"),
    ];
}
