using System.Net.Http.Headers;
using System.Text;
using Certctl.Domain.Audit;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>
/// A server with two EST endpoints: <c>keys</c> makes keys, for a password or a certificate of the maker's; <c>plain</c> does not.
/// One key is made at a time.
/// </summary>
public sealed class ServerKeyServer : IAsyncLifetime, IDisposable
{
    internal const string Password = "the password of each endpoint";
    internal const string SharedKeyId = "756e69742d37";
    internal const string SharedKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;

    internal CertctlHost Host => _host!;

    internal BootstrapCa Maker { get; } = BootstrapCa.Root("CN=maker");

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_folder["maker.pem"], Maker.Pem);
        (string, string)[] settings =
        [
            ("CERTCTL_EST_ENABLED", "true"),
            ("CERTCTL_EST_PROFILES", "keys,plain"),
            ("CERTCTL_EST_SERVERKEYGEN_CONCURRENCY", "1"),
            .. Endpoint("KEYS", "basic,mtls"),
            ("CERTCTL_EST_PROFILE_KEYS_MTLS_ENABLED", "true"),
            ("CERTCTL_EST_PROFILE_KEYS_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", _folder["maker.pem"]),
            ("CERTCTL_EST_PROFILE_KEYS_SERVERKEYGEN_ENABLED", "true"),
            ("CERTCTL_EST_PROFILE_KEYS_SERVERKEYGEN_SHARED_KEYS", $"aa=00112233445566778899aabbccddeeff, {SharedKeyId}={SharedKey}"),
            ("CERTCTL_EST_PROFILE_KEYS_CSRATTRS_TEMPLATE", "true"),
            .. Endpoint("PLAIN", "challenge"),
        ];
        _host = await CertctlHost.StartAsync(null, settings);
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    /// <summary>curl, as device makers script it; the password unless <paramref name="more"/> says otherwise.</summary>
    internal (string Status, string Headers, byte[] Body) Curl(string path, TemporaryFolder folder, params string[] more)
    {
        var run = ExternalTool.Run(
            "curl",
            [
                "--silent", "--show-error", "--cacert", Host.CaFile, "--dump-header", folder["headers"], "--output", folder["body"],
                "--write-out", "%{http_code}", .. more, $"{Host.Url}.well-known/{path}",
            ]).MustSucceed();
        return (run.Output, File.ReadAllText(folder["headers"]), File.Exists(folder["body"]) ? File.ReadAllBytes(folder["body"]) : []);
    }

    internal HttpClient Client()
    {
        var http = ScepWire.NewClient(Host.CaFile);
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"device:{Password}")));
        return http;
    }

    internal async Task<List<AuditEvent>> EventsAsync(string action = AuditAction.EstServerKeyGen)
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.AuditEvents.AsNoTracking().Where(e => e.Action == action).OrderBy(e => e.Id).ToListAsync();
    }

    private static (string, string)[] Endpoint(string name, string modes) =>
    [
        ($"CERTCTL_EST_PROFILE_{name}_ISSUER_ID", "iss-local"),
        ($"CERTCTL_EST_PROFILE_{name}_ALLOWED_AUTH_MODES", modes),
        ($"CERTCTL_EST_PROFILE_{name}_ENROLLMENT_PASSWORD", Password),
    ];
}
