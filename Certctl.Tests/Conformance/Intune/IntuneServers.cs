using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Certctl.Tests.Hostile;
using Certctl.Tests.Infrastructure.Crypto.Scep;

namespace Certctl.Tests.Conformance.Intune;

/// <summary>Two server processes with the same keys on one PostgreSQL, whose root profile takes signed challenges.</summary>
internal sealed class IntuneServers : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _database;
    private CertctlHost? _first;
    private CertctlHost? _second;
    private X509Certificate2? _ra;

    private IntuneServers(string database) => _database = database;

    public TestConnector Connector { get; } = TestConnector.Ec();

    public string AnchorFile => _folder["connectors.pem"];

    public CertctlHost First => _first!;

    public CertctlHost Second => _second!;

    public ScepWire One { get; private set; } = null!;

    public ScepWire Other { get; private set; } = null!;

    public static async Task<IntuneServers> StartAsync(PostgresFixture postgres, params (string Name, string Value)[] settings)
    {
        var servers = new IntuneServers(await postgres.CreateDatabaseAsync(migrated: true));
        try
        {
            await File.WriteAllTextAsync(servers.AnchorFile, servers.Connector.Pem);
            servers._first = await CertctlHost.StartAsync(servers._database, [.. Settings(servers.AnchorFile), .. settings]);
            servers._second = await CertctlHost.StartBesideAsync(servers.First);
            servers.One = servers.First.Connect();
            servers.Other = new ScepWire(servers.Second.Url, servers.First.CaFile);
            servers._ra = await servers.One.RecipientAsync();
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }

        return servers;
    }

    public static (string Name, string Value)[] Settings(string anchorFile) =>
        [("CERTCTL_SCEP_INTUNE_ENABLED", "true"), ("CERTCTL_SCEP_INTUNE_CONNECTOR_CERT_PATH", anchorFile)];

    /// <summary>One of the two by turns.</summary>
    public ScepWire Wire(int i) => i % 2 == 0 ? One : Other;

    /// <summary>A request of a device; another <paramref name="variant"/> is another CSR for the same names.</summary>
    public (ScepDevice Device, byte[] Message) Request(string token, string device, int variant = 0)
    {
        var scep = ScepDevice.Shared(variant % 4);
        return (scep, new ForgedRequest
        {
            Plaintext = scep.Csr($"CN={device},OU={variant}", token),
            Recipient = _ra!,
            SignerKey = scep.Key,
            SignerCertificate = scep.Certificate,
            Certificates = [scep.Certificate.RawData],
        }.Build());
    }

    public Task<long> CountAsync(string sql) => new RowCounter(_database, "").CountAsync(sql);

    public async ValueTask DisposeAsync()
    {
        One?.Dispose();
        Other?.Dispose();
        if (_second is not null)
            await _second.DisposeAsync();
        if (_first is not null)
            await _first.DisposeAsync();
        _folder.Dispose();
    }
}
