using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Est;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Hostile;

public sealed class SqliteEstCrashTests(ITestOutputHelper output) : EstCrashTests(null, output);

public sealed class PostgresEstCrashTests(PostgresFixture postgres, ITestOutputHelper output)
    : EstCrashTests(postgres, output), IClassFixture<PostgresFixture>;

/// <summary>
/// As <see cref="CrashTests"/> for SCEP: no answer is sent before it is durable, and a repeated request gets the same one.
/// </summary>
public abstract class EstCrashTests(PostgresFixture? postgres, ITestOutputHelper output)
{
    private const string Password = "the password of the crash drill";
    private const int Rounds = 2;
    private const int Clients = 4;
    private const int Copies = 50;

    private readonly ECDsa[] _keys = [.. Enumerable.Range(0, Clients).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))];
    private readonly ConcurrentDictionary<string, string> _held = new();
    private readonly ConcurrentDictionary<string, (ECDsa Key, byte[] Body)> _requests = new();

    [Fact]
    [Trait("Conformance", "Z-9")]
    [Trait("Conformance", "P-26")]
    public async Task Killed_at_any_moment_it_forgets_no_certificate_and_who_asks_again_gets_the_same()
    {
        if (postgres is { IsAvailable: false })
            return;
        var database = postgres is null ? null : await postgres.CreateDatabaseAsync(migrated: true);
        await using var server = await CertctlHost.StartAsync(
            database, ("CERTCTL_EST_ENABLED", "true"), ("CERTCTL_EST_ALLOWED_AUTH_MODES", "basic"),
            ("CERTCTL_EST_ENROLLMENT_PASSWORD", Password));
        var rows = new RowCounter(database, server.DatabaseFile);
        await CopiesAreOneAsync(server);
        var random = new Random(7030);
        for (var round = 0; round < Rounds; round++)
        {
            await LoadUntilKilledAsync(server, round, random.Next(5, 40));
            await server.StartAgainAsync();
        }

        output.WriteLine($"{_held.Count} certificates held after {Rounds} kills, {_requests.Count} requests sent");
        Assert.Subset(await rows.SerialsAsync(), _held.Values.ToHashSet());

        // Clients sign anew for each try, or send the same octets again.
        using var http = Client(server);
        foreach (var ((name, (key, body)), i) in _requests.Select((request, i) => (request, i)))
        {
            var serial = await EnrolInTheEndAsync(http, i % 2 == 0 ? body : Body(key, name));
            Assert.Equal(_held.GetOrAdd(name, serial), serial);
        }

        await MustCountAsync(rows, _requests.Count);
    }

    private async Task CopiesAreOneAsync(CertctlHost server)
    {
        using var http = Client(server);
        var (key, body) = _requests.GetOrAdd("copied", name => (_keys[0], Body(_keys[0], name)));
        var anew = Body(key, "copied");
        var serials = await Task.WhenAll(Enumerable.Range(0, Copies).Select(i => EnrolInTheEndAsync(http, i % 2 == 0 ? body : anew)));
        _held["copied"] = Assert.Single(serials.Distinct());
    }

    /// <param name="certificates">So many more are held when the process is killed, whatever is under way then.</param>
    private async Task LoadUntilKilledAsync(CertctlHost server, int round, int certificates)
    {
        using var http = Client(server);
        using var killed = new CancellationTokenSource();

        // One that gets no answer goes on: the certificate may or may not have been written.
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < 400 && !killed.IsCancellationRequested; i++)
            {
                var name = $"round-{round}-{client}-{i}";
                var request = _requests.GetOrAdd(name, _ => (_keys[client], Body(_keys[client], name)));
                if (await EnrolAsync(http, request.Body) is { } serial)
                    _held[name] = serial;
            }
        })).ToList();

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (var before = _held.Count; _held.Count < before + certificates;)
            await Task.Delay(5, patience.Token);
        await server.KillAsync();
        await killed.CancelAsync();
        await Task.WhenAll(clients);
    }

    private static HttpClient Client(CertctlHost server)
    {
        var http = ScepWire.NewClient(server.CaFile);
        http.BaseAddress = new Uri(server.Url, "/.well-known/");
        return http;
    }

    private static byte[] Body(ECDsa key, string name) => Encoding.ASCII.GetBytes(
        Convert.ToBase64String(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequest()));

    // On a machine that is starved the server gives up on connections that say nothing for so long.
    private static async Task<string> EnrolInTheEndAsync(HttpClient http, byte[] body)
    {
        string? serial = null;
        for (var tries = 0; serial is null && tries < 10; tries++)
            serial = await EnrolAsync(http, body);
        return Assert.IsType<string>(serial);
    }

    // Null: there was no answer, or the server is busy.
    private static async Task<string?> EnrolAsync(HttpClient http, byte[] body)
    {
        try
        {
            using var answer = await EstRequest.PostAsync(http, "est/simpleenroll", body, Password);
            if ((int)answer.StatusCode == 503)
                return null;
            var bag = new SignedCms();
            bag.Decode(Convert.FromBase64String(await EstRequest.IssuedAsync(answer)));
            return Assert.Single(bag.Certificates).SerialNumber.ToLowerInvariant().PadLeft(40, '0');
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task MustCountAsync(RowCounter rows, int expected)
    {
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(*) FROM certificates"));
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(*) FROM enrolments"));
        Assert.Equal(expected, await rows.CountAsync("SELECT COUNT(DISTINCT serial_number) FROM certificates"));
        Assert.Equal(
            expected,
            await rows.CountAsync("SELECT COUNT(*) FROM audit_events WHERE action = 'est_simple_enroll' AND serial_number IS NOT NULL"));
    }
}
